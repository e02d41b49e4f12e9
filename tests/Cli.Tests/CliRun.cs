using Skep.Cli.Output;
using Skep.Testing;

namespace Skep.Cli.Tests;

/// <summary>Runs the program in this process.</summary>
internal sealed record CliRun(int ExitCode, string Out, string Err)
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static async Task<CliRun> Of(string host, string[] words, string input = "", TimeProvider? time = null, string? folder = null, IReadOnlyDictionary<string, string>? environment = null, string variable = "SKEP_HOST")
    {
        StringWriter output = new() { NewLine = "\n" };
        StringWriter error = new() { NewLine = "\n" };
        MemoryStream rawOutput = new();
        MemoryStream rawError = new();
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        int code = await SkepCli.RunAsync(
            words,
            new Terminal
            {
                Out = output,
                Err = error,
                OpenInput = () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(input)),
                OpenOutput = () => rawOutput,
                OpenError = () => rawError,
                Environment = new Dictionary<string, string>(environment ?? new Dictionary<string, string>(), StringComparer.Ordinal) { [variable] = host, ["HOME"] = "/nonexistent" },
                CurrentDirectory = folder ?? Path.GetTempPath(),
                Time = time ?? new ManualTimeProvider(Now),
            },
            limit.Token);
        return new CliRun(code, output + System.Text.Encoding.UTF8.GetString(rawOutput.ToArray()), error + System.Text.Encoding.UTF8.GetString(rawError.ToArray()));
    }
}
