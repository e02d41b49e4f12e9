using System.Runtime.InteropServices;

namespace Skep.Cli.Output;

/// <summary>Where signals go: they end the program, unless a verb hands them to a container.</summary>
internal sealed class SignalForwarder
{
    /// <summary>Those that mean something to a program; SIGTSTP and the like are the shell's.</summary>
    private static readonly (int Number, string Name)[] Forwarded =
    [
        (1, "SIGHUP"), (2, "SIGINT"), (3, "SIGQUIT"), (10, "SIGUSR1"), (12, "SIGUSR2"), (14, "SIGALRM"), (15, "SIGTERM"),
    ];

    /// <summary>Somebody takes them: the program goes on.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Until disposed, each signal is given to <paramref name="take"/> by its name.</summary>
    public IDisposable Forward(Action<string> take)
    {
        IsTaken = true;
        return new Taken(this, [.. Forwarded.Select(signal => PosixSignalRegistration.Create((PosixSignal)Posix(signal.Number), context =>
        {
            context.Cancel = true;
            take(signal.Name);
        }))]);
    }

    /// <summary>.NET has negative numbers of its own for the signals every system knows.</summary>
    private static int Posix(int number) => number switch
    {
        1 => (int)PosixSignal.SIGHUP,
        2 => (int)PosixSignal.SIGINT,
        3 => (int)PosixSignal.SIGQUIT,
        15 => (int)PosixSignal.SIGTERM,
        _ => number,
    };

    private sealed class Taken(SignalForwarder target, PosixSignalRegistration[] registrations) : IDisposable
    {
        public void Dispose()
        {
            foreach (PosixSignalRegistration registration in registrations)
            {
                registration.Dispose();
            }

            target.IsTaken = false;
        }
    }
}
