using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>What goes wrong, and the demand that it heals.</summary>
internal sealed partial class SimWorld
{
    private readonly HashSet<(ulong From, ulong To)> _cut = [];
    private bool _calm;

    private bool IsCut(ulong from, ulong to) => _cut.Contains((from, to));

    private void ScheduleFault() => At(Now + 1 + Random.Next(2 * Options.FaultEvery), () =>
    {
        if (_calm)
        {
            return;
        }

        OneFault();
        ScheduleFault();
    });

    private void OneFault()
    {
        if (Options.Spares > 0 && Random.Next(3) == 0)
        {
            ChangeMembership();
            return;
        }
        switch (Random.Next(11))
        {
            case 0 or 1:
                Say("heals");
                _cut.Clear();
                break;
            case 2:
                CutOff(SomeLeader() ?? AnyNode());
                break;
            case 3:
                Halve();
                break;
            case 4:
                CutOneWay(SomeLeader() ?? AnyNode());
                break;
            case 5 or 6:
                Crash(AnyNode());
                break;
            case 7:
                Crash(SomeLeader() ?? AnyNode());
                break;
            case 8:
                foreach (SimNode node in _nodes.Where(_ => Random.Next(3) > 0).ToArray())
                {
                    Crash(node);
                }

                break;
            case 9:
                Pause(Random.Next(2) == 0 ? AnyNode() : SomeLeader() ?? AnyNode());
                break;
            default:
                Transfer();
                break;
        }
    }

    private void CutOff(SimNode node)
    {
        Say($"cuts off {node.Id}");
        foreach (SimNode other in _nodes)
        {
            _cut.Add((node.Id, other.Id));
            _cut.Add((other.Id, node.Id));
        }
    }

    private void Halve()
    {
        HashSet<ulong> left = [.. _nodes.Where(_ => Random.Next(2) == 0).Select(n => n.Id)];
        Say($"divides off {string.Join(' ', left)}");
        _cut.Clear();
        foreach (SimNode a in _nodes)
        {
            foreach (SimNode b in _nodes)
            {
                if (left.Contains(a.Id) != left.Contains(b.Id))
                {
                    _cut.Add((a.Id, b.Id));
                }
            }
        }
    }

    private void CutOneWay(SimNode node)
    {
        bool deaf = Random.Next(2) == 0;
        Say($"makes {node.Id} {(deaf ? "deaf" : "mute")}");
        foreach (SimNode other in _nodes)
        {
            if (Random.Next(3) > 0)
            {
                _cut.Add(deaf ? (other.Id, node.Id) : (node.Id, other.Id));
            }
        }
    }

    private void Crash(SimNode node)
    {
        if (node.Core is null)
        {
            return;
        }

        Say($"kills {node.Id}");
        node.Crash();
        Crashes++;
        At(Now + 1 + Random.Next(Random.Next(3) switch { 0 => 5000, 1 => 500, _ => 50 }), () => Restart(node));
    }

    private void Restart(SimNode node)
    {
        if (node.Core is not null)
        {
            return;
        }

        Say($"starts {node.Id}");
        node.PausedUntil = 0;
        node.Start();
    }

    private void Pause(SimNode node)
    {
        node.PausedUntil = Now + Random.Next(4000);
        Say($"pauses {node.Id} until {node.PausedUntil}");
    }

    private void Transfer()
    {
        if (SomeLeader() is not { } leader)
        {
            return;
        }

        ulong to = AnyNode().Id;
        Say($"transfers from {leader.Id} to {to}: {leader.Core!.TransferLeadership(to)}");
        leader.AfterInput();
    }

    private void ChangeMembership()
    {
        if (SomeLeader() is not { } leader)
        {
            return;
        }

        Membership now = leader.Core!.Membership;
        RaftMember member = Member(AnyNode().Id);
        MembershipChangeKind kind = now.Find(member.Id) switch
        {
            // Ids are never used again: who was removed stays outside.
            null when _gone.Contains(member.Id) => MembershipChangeKind.UpdateAddress,
            null => Random.Next(3) == 0 ? MembershipChangeKind.AddVoter : MembershipChangeKind.AddLearner,
            { IsVoter: false } => MembershipChangeKind.Promote,
            _ when now.Voters.Count() > 2 && Random.Next(2) == 0 => MembershipChangeKind.Remove,
            _ => MembershipChangeKind.UpdateAddress,
        };
        // Sometimes through a follower; then nobody tells us whether it was accepted.
        SimNode asked = Random.Next(3) == 0 ? AnyNode() : leader;
        if (asked.Core is null || asked.PausedUntil > Now)
        {
            return;
        }

        ProposeOutcome outcome = asked.Core.ProposeMembership(new MembershipChange(kind, member));
        if (kind == MembershipChangeKind.Remove && outcome == ProposeOutcome.Accepted)
        {
            _gone.Add(member.Id);
        }

        Say($"asks {asked.Id} to {kind} {member.Id}: {outcome}");
        asked.AfterInput();
    }

    private readonly HashSet<ulong> _gone = [];

    private SimNode AnyNode() => _nodes[Random.Next(_nodes.Count)];

    private SimNode? SomeLeader()
    {
        SimNode[] leaders = [.. _nodes.Where(n => n.Core is { Role: RaftRole.Leader } && n.PausedUntil <= Now)];
        return leaders.Length == 0 ? null : leaders[Random.Next(leaders.Length)];
    }

    private void Say(string what)
    {
        Trace.Add(Now, (ulong)what.Length, (ulong)Steps, 0);
        Trace.Say(Now, $"     fate {what}");
    }

    private void StopFaults()
    {
        Say("stops all faults");
        _calm = true;
        _cut.Clear();
        foreach (SimNode node in _nodes)
        {
            node.PausedUntil = Math.Min(node.PausedUntil, Now);
            Restart(node);
        }
    }

    /// <summary>Liveness: with a quiet network and everyone up, one leader, one log, everything applied everywhere, and writes work.</summary>
    private void Converge()
    {
        long start = Now;
        long lastWrite = 0;
        while (Now < start + Options.ConvergeWithin)
        {
            if (SomeLeader() is { } leader && !Workload.IsAcknowledged(lastWrite))
            {
                lastWrite = Workload.Write(leader);
                leader.AfterInput();
            }
            long slice = Now + 500;
            RunUntil(slice, () => Workload.IsAcknowledged(lastWrite) && Agreed());
            if (Workload.IsAcknowledged(lastWrite) && Agreed())
            {
                ConvergedAfter = Now - start;
                foreach (SimNode node in Members(SomeLeader()!))
                {
                    Workload.AllAcknowledgedExist(node);
                }

                return;
            }
            Now = slice;
        }
        string states = string.Join("; ", _nodes.Select(n => $"{n.Id}: {n.Core!.Role} leader={n.Core.Status.Leader} term={n.Core.CurrentTerm} commit={n.Core.Log.Commit} applied={n.Machine.Applied} last={n.Core.Log.LastIndex} members=[{n.Core.Membership}] {string.Join(' ', n.Core.Status.Peers)}"));
        throw new SafetyViolationException($"no agreement {Options.ConvergeWithin} ms after the last fault: {states}");
    }

    private bool Agreed()
    {
        if (_nodes.Count(n => n.Core!.Role == RaftRole.Leader) != 1)
        {
            return false;
        }

        SimNode leader = _nodes.First(n => n.Core!.Role == RaftRole.Leader);
        return Members(leader).All(n => n.Core!.Log.LastIndex == leader.Core!.Log.LastIndex && n.Core.Log.LastTerm == leader.Core.Log.LastTerm
            && n.Machine.Applied == leader.Core.Log.LastIndex && n.Core.Status.Leader == leader.Id && n.Core.Membership.Equals(leader.Core.Membership));
    }

    private IEnumerable<SimNode> Members(SimNode leader) => _nodes.Where(n => leader.Core!.Membership.Find(n.Id) is not null);
}
