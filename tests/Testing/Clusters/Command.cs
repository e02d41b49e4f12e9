using System.Diagnostics;

namespace Skep.Testing.Clusters;

/// <summary>What a program answered.</summary>
public sealed record CommandResult(string Line, int Code, string Out, string Error)
{
    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <exception cref="CommandFailedException">It ended with another code than 0.</exception>
    public CommandResult Succeeded() => Code == 0 ? this : throw new CommandFailedException(this);

    public override string ToString() => $"$ {Line}\n{Out}{Error}(exit {Code})";
}

/// <summary>A program ended with a code that the test does not expect; the message holds all it said.</summary>
public sealed class CommandFailedException(CommandResult result) : Exception(result.ToString());

/// <summary>Runs programs to their end, with a limit.</summary>
public static class Command
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task<CommandResult> RunAsync(string program, params string[] args) => RunAsync(program, args, input: null, environment: null, Limit);

    /// <exception cref="TimeoutException">It did not end in time and was killed.</exception>
    public static async Task<CommandResult> RunAsync(string program, IEnumerable<string> args, string? input, IReadOnlyDictionary<string, string>? environment, TimeSpan limit)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        using Process process = Process.Start(start)!;
        string line = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";
        using var tooLate = new CancellationTokenSource(limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(tooLate.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(tooLate.Token);
            await WriteAsync(process, input).ConfigureAwait(false);
            await process.WaitForExitAsync(tooLate.Token).ConfigureAwait(false);
            return new CommandResult(line, process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"waited {limit.TotalSeconds:0} s for the end of: {line}", e);
        }
    }

    private static async Task WriteAsync(Process process, string? input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code tells why.
            process.StandardInput.Dispose();
        }
    }
}
