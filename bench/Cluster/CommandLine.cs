using System.Diagnostics;

namespace Skep.Bench.Cluster;

/// <summary>How long a command line takes from its start to its end, ours beside docker's, in turns so that both meet the same machine.</summary>
internal sealed class CommandLine(Settings settings)
{
    public async Task CompareAsync(CancellationToken ct)
    {
        string[] programs = [.. new[] { settings.Skep, "docker" }.Where(p => p.Length > 0)];
        foreach (string[] verb in new string[][] { ["--version"], ["service", "ls"] })
        {
            var times = programs.ToDictionary(p => p, _ => new List<double>());
            for (int i = 0; i <= settings.Starts; i++)
            {
                foreach (string program in programs)
                {
                    double took = await RunAsync(program, verb, ct);
                    if (i > 0)
                    {
                        times[program].Add(took * 1000); // The first reads the file from disk.
                    }
                }
            }

            foreach (string program in programs)
            {
                Bench.Report($"{Path.GetFileName(program)} {string.Join(' ', verb)}", times[program], "ms");
            }
        }
    }

    private async Task<double> RunAsync(string program, string[] verb, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program, ["-H", settings.Host, .. verb]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var watch = Stopwatch.StartNew();
        using Process process = Process.Start(start)!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0 ? watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"{program} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}");
    }
}
