using Skep.Raft;

namespace Skep.Manager.Control;

/// <summary>The Raft group as this manager knows it. Implemented over the Raft node.</summary>
public interface IMembershipControl
{
    ManagerGroup Group();

    /// <summary>The group as its leader knows it, who alone knows whom it hears.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: the leader does not say.</exception>
    Task<ManagerGroup> AskLeaderAsync(CancellationToken ct);
}

/// <param name="Leader">Null while there is none.</param>
/// <param name="Unreachable">Managers the leader does not hear from; only the leader knows them all.</param>
public sealed record ManagerGroup(NodeId? Leader, ValueList<NodeId> Unreachable)
{
    /// <summary>Those that vote. A learner is a manager too, but counts for no quorum.</summary>
    public ValueList<NodeId> Voters { get; init; } = [];

    /// <summary>All votes there are.</summary>
    public QuorumState Votes => new(Voters.Count(v => !Unreachable.Contains(v)), Voters.Count);

    /// <summary>The votes when this node is no member any more.</summary>
    public QuorumState VotesWithout(NodeId node) => Voters.Contains(node) ? Votes.Without(!Unreachable.Contains(node)) : Votes;

    /// <summary>The votes among some managers.</summary>
    public QuorumState VotesOf(IReadOnlyCollection<Node> managers)
    {
        Node[] voters = [.. managers.Where(m => Voters.Contains(m.Id))];
        return new QuorumState(voters.Count(CanReach), voters.Length);
    }

    /// <summary>Whether the manager's vote counts on: it is heard as a node and as a member of the group.</summary>
    public bool CanReach(Node manager) => !manager.IsDown && !Unreachable.Contains(manager.Id);
}

/// <summary>Output of tasks of any node, fetched through the cluster.</summary>
public interface ILogSource
{
    /// <summary>The output of one task, in its order. Ends at the end of the output, or with <see cref="LogSelection.Follow"/> when the task has ended.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: the node does not answer; <see cref="ErrorKind.NotFound"/>: it kept nothing of the task.</exception>
    IAsyncEnumerable<TaskLogLine> ReadAsync(SwarmTask task, LogSelection selection, CancellationToken ct);
}

/// <summary>Which lines are wanted.</summary>
public sealed record LogSelection
{
    public bool Stdout { get; init; } = true;

    public bool Stderr { get; init; } = true;

    public bool Follow { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>Lines from the end of each task; null: all.</summary>
    public long? Tail { get; init; }
}

/// <param name="Data">With the final newline, if there was one.</param>
public sealed record TaskLogLine(DateTimeOffset Time, bool IsStderr, ReadOnlyMemory<byte> Data);
