using System.Diagnostics;
using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Driver;

/// <summary>The leader is killed: how long until a write is accepted by another.</summary>
internal sealed class FailoverRun(Settings settings)
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var seconds = settings.Engines.ToDictionary(e => e, _ => new List<double>());
        for (int run = 0; run < settings.Runs; run++)
        {
            foreach (EngineKind engine in settings.Engines)
            {
                try
                {
                    double took = await OnceAsync(engine, ct);
                    seconds[engine].Add(took);
                    await Console.Error.WriteLineAsync($"run {run + 1} {engine.Title()}: {took:0.00} s");
                }
                catch (TimeoutException e)
                {
                    await Console.Error.WriteLineAsync($"run {run + 1} {engine.Title()}: not counted: {e.Message}");
                }
            }
        }

        Console.WriteLine($"| {settings.Runs} runs: median (least–most) | {string.Join(" | ", settings.Engines.Select(e => e.Title()))} |");
        Console.WriteLine($"|---{string.Concat(Enumerable.Repeat("|---", settings.Engines.Length))}|");
        Console.WriteLine($"| leader killed → next write accepted, s | {string.Join(" | ", settings.Engines.Select(e => Figures.Spread(seconds[e], "0.00")))} |");
        return 0;
    }

    private async Task<double> OnceAsync(EngineKind engine, CancellationToken ct)
    {
        await using Group group = await Group.StartAsync(engine, settings.Data, ct);
        Member leader = await group.WriteThroughLeaderAsync(ct);
        await leader.AskAsync<LoadResult>("load 8 2000", ct);
        var watch = Stopwatch.StartNew();
        await group.KillAsync(leader, ct);
        await group.WriteThroughLeaderAsync(ct);
        return watch.Elapsed.TotalSeconds;
    }
}
