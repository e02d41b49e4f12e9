using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Skep.Cli;
using Skep.Cli.Containers;
using Skep.Cli.Output;

using CancellationTokenSource interrupted = new();
SignalForwarder signals = new();
using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
Dictionary<string, string> environment = new(StringComparer.Ordinal);
foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
{
    environment[(string)entry.Key] = (string?)entry.Value ?? "";
}

await using StreamWriter output = new(new StandardStream(1), encoding, 4096);
await using StreamWriter error = new(new StandardStream(2), encoding, 1024) { AutoFlush = true };
return await SkepCli.RunAsync(
    args,
    new Terminal
    {
        Out = output,
        Err = error,
        OpenInput = static () => new StandardStream(0),
        OpenOutput = static () => new StandardStream(1),
        OpenError = static () => new StandardStream(2),
        Environment = environment,
        CurrentDirectory = Environment.CurrentDirectory,
        IsInteractive = StandardStream.IsTerminal(1),
        IsErrorInteractive = StandardStream.IsTerminal(2),
        CanAsk = StandardStream.IsTerminal(0),
        ReadSize = RawTerminal.ReadSize,
        Signals = signals,
    },
    interrupted.Token);

void Interrupt(PosixSignalContext signal)
{
    if (signals.IsTaken)
    {
        signal.Cancel = true;
        return;
    }

    signal.Cancel = !interrupted.IsCancellationRequested; // the second time the program ends at once
    interrupted.Cancel();
}
