using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>The all-seeing observer: knows what every member ever did and compares after every step of one of them.</summary>
/// <remarks>The properties are those of the Raft thesis, figure 3.2, and what clients rely on.</remarks>
internal sealed class SafetyChecker(IReadOnlyList<SimNode> nodes)
{
    private readonly Dictionary<ulong, ulong> _leaderOfTerm = [];

    /// <summary>Every entry that ever was in any log: what it is, and the term of the one before it.</summary>
    private readonly Dictionary<(ulong Index, ulong Term), (ulong Print, ulong PreviousTerm)> _everSeen = [];

    /// <summary>Every committed entry, and the term of the member that committed it first; index 1 is the bootstrap snapshot.</summary>
    private readonly List<(ulong Term, ulong Print, ulong CommittedIn)> _committed = [(0, 0, 0), (1, 0, 1)];

    private readonly Dictionary<ulong, ulong> _stateAt = [];

    public ulong Committed => (ulong)_committed.Count - 1;

    public int LeadersElected => _leaderOfTerm.Count;

    /// <summary>Nothing that a member says in public may contradict what anyone has seen. Call after each input to <paramref name="node"/>.</summary>
    public void AfterStep(SimNode node)
    {
        RaftCore core = node.Core!;
        ulong term = core.CurrentTerm;
        if (core.Role == RaftRole.Leader && node.CheckedLeaderTerm != term)
        {
            node.CheckedLeaderTerm = term;
            SimCheck.That(_leaderOfTerm.TryAdd(term, node.Id) || _leaderOfTerm[term] == node.Id, $"two leaders in term {term}: {_leaderOfTerm[term]} and {node.Id}");
            LeaderIsComplete(node, 2);
        }
        ulong commit = core.Log.Commit;
        if (commit == node.CheckedCommit)
        {
            return;
        }

        SimCheck.That(commit > node.CheckedCommit, $"commit index of {node.Id} went back from {node.CheckedCommit} to {commit}");
        ulong known = Committed;
        for (ulong index = Math.Max(node.CheckedCommit + 1, core.Log.FirstIndex - 1); index <= commit; index++)
        {
            CommittedOnce(node, core.Log, index);
        }

        node.CheckedCommit = commit;
        if (Committed == known)
        {
            return;
        }
        // An entry that commits only now must already be in the log of whoever leads a later term.
        foreach (SimNode other in nodes)
        {
            if (other.Core is { Role: RaftRole.Leader } later && later.CurrentTerm >= term)
            {
                LeaderIsComplete(other, known + 1);
            }
        }
    }

    /// <summary>Log matching: by induction, equal (index, term) means equal logs up to there.</summary>
    public void Handed(SimNode node, Ready ready)
    {
        foreach (Entry entry in ready.Entries)
        {
            ulong previous = node.Core!.Log.TermAt(entry.Index - 1) ?? 0;
            (ulong, ulong) seen = (EntryPrint.Of(0, entry), previous);
            SimCheck.That(_everSeen.TryAdd((entry.Index, entry.Term), seen) || _everSeen[(entry.Index, entry.Term)] == seen,
                $"entry {entry.Index} of term {entry.Term} differs at {node.Id}");
        }
    }

    public void Applied(SimNode node)
    {
        KvMachine machine = node.Machine;
        SimCheck.That(_stateAt.TryAdd(machine.Applied, machine.Hash) || _stateAt[machine.Applied] == machine.Hash,
            $"state of {node.Id} at {machine.Applied} differs from another member's");
        SimCheck.That(machine.Applied <= Committed, $"{node.Id} applied {machine.Applied} beyond what is committed ({Committed})");
    }

    private void CommittedOnce(SimNode node, RaftLog log, ulong index)
    {
        ulong term = log.TermAt(index)!.Value;
        ulong print = index >= log.FirstIndex ? EntryPrint.Of(0, log[index]) : 0;
        if (index < (ulong)_committed.Count)
        {
            (ulong knownTerm, ulong knownPrint, _) = _committed[(int)index];
            SimCheck.That(knownTerm == term && (print == 0 || knownPrint == print), $"{node.Id} commits term {term} at {index}, term {knownTerm} was committed");
            return;
        }
        SimCheck.That(index == (ulong)_committed.Count && print != 0, $"{node.Id} commits {index} and nobody committed {_committed.Count}");
        _committed.Add((term, print, node.Core!.CurrentTerm));
    }

    /// <summary>Leader completeness: whoever leads a term has what was committed in earlier ones. (A leader that slept through a later term has not.)</summary>
    private void LeaderIsComplete(SimNode leader, ulong from)
    {
        RaftLog log = leader.Core!.Log;
        ulong term = leader.Core.CurrentTerm;
        for (ulong index = Math.Max(from, log.FirstIndex - 1); index <= Committed; index++)
        {
            (ulong entryTerm, _, ulong committedIn) = _committed[(int)index];
            SimCheck.That(committedIn > term || log.Matches(index, entryTerm),
                $"leader {leader.Id} of term {term} lacks entry {index} of term {entryTerm}, committed in term {committedIn}");
        }
    }
}
