using Skep.Overlay;

namespace Skep.Host;

/// <summary><c>skepd names SOCKET</c>: what skepd starts for itself, so that the tasks' names outlive it (ADR 0011). Nothing else of the daemon is touched.</summary>
internal static class NamesCommand
{
    public const string Verb = "names";

    /// <summary>How to start it. Null where this program is run by <c>dotnet</c>, in which case the daemon answers itself.</summary>
    public static NamesOptions? OfThisProgram { get; } =
        Environment.ProcessPath is { } program && Path.GetFileNameWithoutExtension(program) != "dotnet" ? new NamesOptions(program, [Verb]) : null;

    public static int Run(string socket, TimeProvider time)
    {
        NamesProgram.Detach(socket);
        using var log = new ConsoleLog(Microsoft.Extensions.Logging.LogLevel.Information, time);
        _ = WorkingSet.KeepSmallAsync(time, log.CreateLogger("Names"), CancellationToken.None);
        NamesProgram.Run(socket, time, log.CreateLogger("Names"));
        return 0;
    }
}
