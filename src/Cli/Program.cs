using System.Collections;
using System.Runtime.InteropServices;
using System.Text;
using Skep.Cli;
using Skep.Cli.Output;

using CancellationTokenSource interrupted = new();
using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using PosixSignalRegistration onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);

UTF8Encoding encoding = new(encoderShouldEmitUTF8Identifier: false);
Dictionary<string, string> environment = new(StringComparer.Ordinal);
foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
{
    environment[(string)entry.Key] = (string?)entry.Value ?? "";
}

await using StreamWriter output = new(Console.OpenStandardOutput(), encoding, 4096);
await using StreamWriter error = new(Console.OpenStandardError(), encoding, 1024) { AutoFlush = true };
return await SkepCli.RunAsync(
    args,
    new Terminal
    {
        Out = output,
        Err = error,
        OpenInput = Console.OpenStandardInput,
        OpenOutput = Console.OpenStandardOutput,
        OpenError = Console.OpenStandardError,
        Environment = environment,
        CurrentDirectory = Environment.CurrentDirectory,
        IsInteractive = !Console.IsOutputRedirected,
        IsErrorInteractive = !Console.IsErrorRedirected,
        CanAsk = !Console.IsInputRedirected,
    },
    interrupted.Token);

void Interrupt(PosixSignalContext signal)
{
    signal.Cancel = !interrupted.IsCancellationRequested; // the second time the program ends at once
    interrupted.Cancel();
}
