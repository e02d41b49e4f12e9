namespace Skep.Manager.Control;

/// <summary>The Raft group as this manager knows it. Implemented over the Raft node.</summary>
public interface IMembershipControl
{
    ManagerGroup Group();
}

/// <param name="Leader">Null while there is none.</param>
/// <param name="Unreachable">Managers the leader does not hear from; only the leader knows them all.</param>
public sealed record ManagerGroup(NodeId? Leader, ValueList<NodeId> Unreachable)
{
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
