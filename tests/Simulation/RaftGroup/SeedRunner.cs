using System.Diagnostics;
using System.Globalization;
using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>Runs worlds by seed and says how to see a failing one again.</summary>
internal static class SeedRunner
{
    /// <summary>What one world came to; <see cref="Failure"/> null if it was well.</summary>
    internal sealed record Outcome(int Seed, ulong TraceHash, SimWorld World, string? Failure)
    {
        public string Report =>
            $"raft simulation: seed {Seed} failed: {Failure}\n  world: {World.Options}\n"
            + $"  replay with a trace: SKEP_SIM_SEED={Seed} dotnet test tests/Simulation --filter Replays_the_seed_given_by_hand --logger \"console;verbosity=detailed\"";
    }

    public static Outcome Run(int seed, InjectedBugs coreBugs = InjectedBugs.None, ShellBugs shellBugs = ShellBugs.None, bool keepText = false)
    {
        SimWorld world = new(SimOptions.Draw(seed, coreBugs, shellBugs), keepText);
        string? failure = null;
        try
        {
            world.Run();
        }
        catch (Exception e) when (e is SafetyViolationException or InvariantViolationException)
        {
            failure = $"at {world.Now} ms: {e.Message}";
            world.Trace.Say(world.Now, $"FAILED {e}");
        }
        return new Outcome(seed, world.Trace.Hash, world, failure);
    }

    /// <summary>Many seeds; a summary line, and the outcomes that failed.</summary>
    public static (string Summary, List<Outcome> Failed) RunMany(int first, int count)
    {
        long began = Stopwatch.GetTimestamp();
        List<Outcome> failed = [];
        long steps = 0, writes = 0, reads = 0, leaders = 0, crashes = 0, snapshots = 0, changes = 0, slowest = 0;
        for (int seed = first; seed < first + count && failed.Count < 5; seed++)
        {
            Outcome outcome = Run(seed);
            if (outcome.Failure is not null)
            {
                failed.Add(outcome);
            }

            steps += outcome.World.Steps;
            writes += outcome.World.Workload.Writes;
            reads += outcome.World.Workload.Reads;
            leaders += outcome.World.Checker.LeadersElected;
            crashes += outcome.World.Crashes;
            snapshots += outcome.World.SnapshotsInstalled;
            changes += outcome.World.MembershipChanges;
            slowest = Math.Max(slowest, outcome.World.ConvergedAfter);
        }
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return (string.Create(CultureInfo.InvariantCulture,
            $"raft simulation: {count} seeds from {first}, {failed.Count} failed, {count / seconds:f0} seeds/s; {steps} steps, {leaders} elections won, {crashes} crashes, {snapshots} snapshots installed, {changes} membership changes, {writes} writes and {reads} reads acknowledged, slowest agreement {slowest} ms after the last fault"), failed);
    }

    public static int FromEnvironment(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
