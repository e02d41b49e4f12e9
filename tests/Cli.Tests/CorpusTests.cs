using System.Diagnostics;
using Skep.Testing;

namespace Skep.Cli.Tests;

/// <summary>The whole program over the compose corpus, by the corpus' own script.</summary>
public sealed class CorpusTests
{
    [SharedDataFact]
    public async Task Stack_config_and_deploy_agree_with_docker_over_the_corpus()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "skep");
        ProcessStartInfo start = new(Path.Combine(SharedData.Folder!, "compose", "run.sh"), [program, "--strict-errors", "--warnings", "--deploy"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(10));
        Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
        string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
        Assert.Matches(@"error texts equal: (\d+) of \1\b", output);
        Assert.Matches(@"deploy warnings equal: (\d+) of \1\b", output);
        Assert.Matches(@"deploy requests equal: (\d+) of \1\b", output);
    }
}
