using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>A world whose operators change the members as they like: newcomers that nobody hears, promotions too early, removals at the wrong time.</summary>
/// <remarks>Machines die for good meanwhile, but never so many that the quorum goes by that alone. What decides before a command has to decide after it.</remarks>
internal sealed partial class SimWorld
{
    private const int DecidesWithin = 30_000;

    public int Refusals { get; private set; }

    /// <param name="actions">How much is done; each is left alone until everybody who is silent is known to be.</param>
    public void RunOperators(int actions)
    {
        _calm = true;
        foreach (SimNode node in _nodes)
        {
            // Every other newcomer is a mistyped address: there is nobody.
            if (node.Id <= (ulong)Options.Voters || Random.Next(2) == 0)
            {
                node.Start();
            }

            ScheduleTick(node, Random.Next(SimOptions.TickMillis));
        }

        for (int action = 1; action <= actions; action++)
        {
            Decide(action);
            if (Random.Next(4) == 0)
            {
                LoseMachine();
            }
            else
            {
                Operate();
            }

            RunUntil(Now + (4 * Options.Core.ElectionTicks * SimOptions.TickMillis));
        }

        Decide(actions + 1);
    }

    /// <summary>There is a leader, and a write of its is acknowledged.</summary>
    private void Decide(int action)
    {
        long until = Now + DecidesWithin, write = 0;
        while (Now < until && !Workload.IsAcknowledged(write))
        {
            if (SomeLeader() is { } leader)
            {
                write = Workload.Write(leader);
                leader.AfterInput();
            }

            RunUntil(Now + 500);
        }

        SimCheck.That(Workload.IsAcknowledged(write), $"nothing is decided for {DecidesWithin} ms before action {action}: {string.Join("; ", _nodes.Select(n => $"{n.Id}: {(n.Core is null ? "gone" : $"{n.Core.Role} members=[{n.Core.Membership}]")}"))}");
    }

    private void Operate()
    {
        SimNode leader = SomeLeader()!;
        Membership now = leader.Core!.Membership;
        RaftMember member = Member(AnyNode().Id);
        if (now.Find(member.Id) is null && _gone.Contains(member.Id))
        {
            return;
        }

        MembershipChangeKind kind = now.Find(member.Id) switch
        {
            null => MembershipChangeKind.AddLearner,
            { IsVoter: false } => MembershipChangeKind.Promote,
            _ => MembershipChangeKind.Remove,
        };
        SimNode[] there = [.. _nodes.Where(n => n.Core is not null)];
        SimNode asked = Random.Next(3) == 0 ? there[Random.Next(there.Length)] : leader;
        ProposeOutcome outcome = asked.Core!.ProposeMembership(new MembershipChange(kind, member));
        if (kind == MembershipChangeKind.Remove && outcome == ProposeOutcome.Accepted)
        {
            _gone.Add(member.Id);
        }

        Refusals += outcome == ProposeOutcome.Refused ? 1 : 0;
        Say($"asks {asked.Id} to {kind} {member.Id}: {outcome}");
        asked.AfterInput();
    }

    private void LoseMachine()
    {
        SimNode lost = AnyNode();
        Membership now = SomeLeader()!.Core!.Membership;
        int left = now.Voters.Count(v => v.Id != lost.Id && _nodes.Any(n => n.Id == v.Id && n.Core is not null));
        if (lost.Core is null || !new QuorumState(left, now.Voters.Count()).Stands)
        {
            return;
        }

        Say($"loses {lost.Id} for good");
        lost.Crash();
        Crashes++;
    }
}
