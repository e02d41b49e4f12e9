using Skep.Raft;
using Xunit.Abstractions;

namespace Skep.Simulation.RaftGroup;

/// <summary>A quorum is never lost by commands alone.</summary>
public sealed class OperatorTests(ITestOutputHelper output)
{
    private const int Actions = 40;

    [Fact]
    public void Whatever_operators_ask_for_the_group_goes_on_deciding()
    {
        int seeds = SeedRunner.FromEnvironment("SKEP_SIM_SEEDS", 300), changes = 0, refusals = 0, losses = 0;
        for (int seed = 1; seed <= seeds; seed++)
        {
            SimWorld world = Live(seed, InjectedBugs.None, out string? failure);
            Assert.True(failure is null, $"seed {seed}: {failure}\n{world.Options}");
            (changes, refusals, losses) = (changes + world.MembershipChanges, refusals + world.Refusals, losses + world.Crashes);
        }

        string told = $"raft operators: {seeds} seeds, {changes} membership changes, {refusals} refused, {losses} machines lost";
        output.WriteLine(told);
        Console.WriteLine(told);
        Assert.True(changes > seeds && refusals > seeds && losses > 0, told);
    }

    [Fact]
    public void A_leader_that_does_not_count_is_noticed()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            Live(seed, InjectedBugs.IgnoreQuorumAtRisk, out string? failure);
            if (failure is not null)
            {
                output.WriteLine($"noticed by seed {seed}: {failure}");
                return;
            }
        }

        Assert.Fail("a leader that loses the quorum by command went unnoticed for 50 seeds");
    }

    private static SimWorld Live(int seed, InjectedBugs bugs, out string? failure)
    {
        SimOptions drawn = SimOptions.Draw(seed, bugs);
        var world = new SimWorld(drawn with { Spares = 6, Core = drawn.Core with { CheckQuorum = true, PreVote = true } });
        failure = null;
        try
        {
            world.RunOperators(Actions);
        }
        catch (Exception e) when (e is SafetyViolationException or InvariantViolationException)
        {
            failure = $"at {world.Now} ms: {e.Message}";
        }

        return world;
    }
}
