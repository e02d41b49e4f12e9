using Skep.Bench.Consensus.Members;

namespace Skep.Bench.Consensus.Driver;

/// <summary>
/// While 64 clients write: one follower is stopped, so that the other's acknowledgements are what commits; then the leader is lost for good, and that
/// other follower is killed and started again. What was acknowledged must be on the two that are left.
/// </summary>
/// <remarks>Processes are killed, the machine is not: a log loses here only what it had not even handed to the system.</remarks>
internal sealed class KillRun(Settings settings)
{
    private const int Clients = 64;
    private static readonly TimeSpan TogetherFor = TimeSpan.FromSeconds(0.7);

    private sealed record Outcome(int Acknowledged, int Lost);

    public async Task<int> RunAsync(CancellationToken ct)
    {
        var outcomes = settings.Engines.ToDictionary(e => e, _ => new List<Outcome>());
        for (int run = 0; run < settings.Runs; run++)
        {
            // The same moments for all engines: 0.4 to 1.2 s.
            TimeSpan alone = TimeSpan.FromSeconds(0.4 + (new Random(run).NextDouble() * 0.8));
            foreach (EngineKind engine in settings.Engines)
            {
                try
                {
                    Outcome outcome = await OnceAsync(engine, alone, ct);
                    outcomes[engine].Add(outcome);
                    await Console.Error.WriteLineAsync($"run {run + 1} {engine.Title()}: {outcome.Acknowledged} acknowledged, {outcome.Lost} of them lost");
                }
                catch (TimeoutException e)
                {
                    await Console.Error.WriteLineAsync($"run {run + 1} {engine.Title()}: not counted: {e.Message}");
                }
            }
        }

        Console.WriteLine("| | runs | with lost writes | acknowledged writes lost in them | acknowledged in all runs |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach ((EngineKind engine, List<Outcome> of) in outcomes)
        {
            int[] lost = [.. of.Select(o => o.Lost).Where(l => l > 0).Order()];
            Console.WriteLine($"| {engine.Title()} | {of.Count} | {lost.Length} | {(lost.Length == 0 ? "–" : string.Join(", ", lost))} | {of.Sum(o => (long)o.Acknowledged):#,0} |");
        }

        return outcomes.TryGetValue(EngineKind.RaftNode, out List<Outcome>? ours) && ours.Any(o => o.Lost > 0) ? 1 : 0;
    }

    private async Task<Outcome> OnceAsync(EngineKind engine, TimeSpan alone, CancellationToken ct)
    {
        await using Group group = await Group.StartAsync(engine, settings.Data, ct);
        Member leader = await group.WriteThroughLeaderAsync(ct);
        if (group.Members.Where(m => m != leader).ToArray() is not [var restarted, var stopped])
        {
            throw new InvalidOperationException("a group of three has two followers");
        }

        string acknowledgements = Path.Combine(group.Directory, "acknowledged");
        await leader.AskAsync<Done>($"write-until-killed {Clients} {acknowledgements}", ct);
        await Task.Delay(TogetherFor, ct);
        stopped.Stop();
        await Task.Delay(alone, ct);
        await group.KillAsync(restarted, ct);
        await group.KillAsync(leader, ct);
        stopped.Continue();
        await group.StartMemberAsync(restarted.Options, ct);

        Member survivor = await group.WriteThroughLeaderAsync(ct);
        string dump = Path.Combine(group.Directory, "applied");
        await survivor.AskAsync<Done>($"dump {dump}", ct);
        var applied = NumberLog.NumbersIn(await File.ReadAllBytesAsync(dump, ct)).ToHashSet();
        long[] acknowledged = EndlessWrites.Read(acknowledgements);
        return new Outcome(acknowledged.Length, acknowledged.Count(n => !applied.Contains(n)));
    }
}
