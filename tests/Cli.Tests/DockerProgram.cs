using System.Diagnostics;

namespace Skep.Cli.Tests;

/// <summary>The stock <c>docker</c> program against a daemon of a test.</summary>
internal static class DockerProgram
{
    public static string? FilePath { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(static d => Path.Combine(d, "docker")).FirstOrDefault(File.Exists);

    public static async Task<CliRun> RunAsync(string host, string[] words, string folder, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        ProcessStartInfo start = new(FilePath!, words) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder };
        start.Environment.Remove("DOCKER_CONTEXT");
        start.Environment.Remove("DOCKER_HOST");
        if (host.Length > 0)
        {
            start.Environment["DOCKER_HOST"] = host;
        }

        start.Environment["DOCKER_CONFIG"] = folder;
        foreach ((string name, string value) in environment ?? [])
        {
            start.Environment[name] = value;
        }

        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new CliRun(process.ExitCode, await output, await error);
    }
}

/// <summary>A test that needs the docker program; skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DockerFactAttribute : FactAttribute
{
    public DockerFactAttribute()
    {
        if (DockerProgram.FilePath is null)
        {
            Skip = "docker is not installed";
        }
    }
}
