using System.Diagnostics;

namespace Skep.Api.Tests;

/// <summary>The stock <c>docker</c> program, pointed at a server of ours.</summary>
internal static class DockerCli
{
    public static string? Path { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(d => System.IO.Path.Combine(d, "docker"))
        .FirstOrDefault(File.Exists);

    public static async Task<(int Exit, string Out, string Error)> RunAsync(ApiHarness server, string arguments, string? input = null, string? directory = null, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        var start = new ProcessStartInfo(Path!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? server.ConfigPath,
        };
        foreach (string argument in arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string key, string value) in environment ?? [])
        {
            start.Environment[key] = value;
        }

        start.Environment["DOCKER_HOST"] = $"unix://{server.SocketPath}";
        start.Environment["DOCKER_CONFIG"] = server.ConfigPath;
        start.Environment.Remove("DOCKER_CONTEXT");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>What a command that must succeed prints, with every run of blanks made one: the widths of columns follow random ids.</summary>
    public static async Task<string> TableAsync(ApiHarness server, string arguments)
        => string.Join(' ', (await OutputAsync(server, arguments)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Runs a command that must succeed.</summary>
    public static async Task<string> OutputAsync(ApiHarness server, string arguments, string? input = null, string? directory = null)
    {
        (int exit, string output, string error) = await RunAsync(server, arguments, input, directory);
        Assert.True(exit == 0, $"docker {arguments} ended with {exit}: {error}");
        return output;
    }
}

/// <summary>A test that needs the docker program; skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DockerFactAttribute : FactAttribute
{
    public DockerFactAttribute()
    {
        if (DockerCli.Path is null)
        {
            Skip = "docker is not installed";
        }
    }
}
