namespace Skep.Raft;

/// <summary>How one <see cref="RaftCore"/> behaves. Times are in ticks; the shell decides how long a tick is.</summary>
public sealed record RaftCoreOptions
{
    /// <summary>The id of this member; never 0.</summary>
    public required ulong Id { get; init; }

    /// <summary>Silence after which a follower campaigns; each round waits this long plus a random part of the same length.</summary>
    public int ElectionTicks { get; init; } = 10;

    /// <summary>How often a leader speaks to everyone. Must be well below <see cref="ElectionTicks"/>.</summary>
    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>Payload bytes of one Append message; a single larger entry still travels alone.</summary>
    public int MaxEntryBytesPerMessage { get; init; } = 1 << 20;

    /// <summary>Append messages on their way to one follower before the leader waits for answers.</summary>
    public int MaxInflightMessages { get; init; } = 256;

    /// <summary>Payload bytes a leader accepts ahead of what is committed; beyond it proposals are dropped. One proposal always fits.</summary>
    public int MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>Payload bytes of committed entries handed out in one <see cref="Ready"/>.</summary>
    public int MaxCommittedBytesPerReady { get; init; } = 16 << 20;

    /// <summary>Ask before raising the term, so that a member that was cut off disturbs nobody when it returns (thesis §9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>A leader that hears no quorum steps down, and members that hear a leader ignore candidates (thesis §6.2, §4.2.3).</summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>Mistakes made on purpose, to see that the simulation notices them.</summary>
    internal InjectedBugs Bugs { get; init; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfZero(Id);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(HeartbeatTicks);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ElectionTicks, HeartbeatTicks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxEntryBytesPerMessage);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxInflightMessages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxUncommittedBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxCommittedBytesPerReady);
    }
}

/// <summary>Classic ways to get Raft wrong; only tests can set them.</summary>
[Flags]
internal enum InjectedBugs
{
    None = 0,

    /// <summary>Grants a vote although another candidate already has it.</summary>
    VoteTwiceInATerm = 1,

    /// <summary>The leader commits as soon as anyone else holds an entry.</summary>
    CommitWithoutQuorum = 2,

    /// <summary>The leader counts replicas of earlier terms' entries (thesis figure 3.7).</summary>
    CommitEarlierTermsByCounting = 4,

    /// <summary>The leader answers reads without asking whether it still leads.</summary>
    ReadWithoutConfirmation = 8,

    /// <summary>Votes go to candidates whose log lacks committed entries.</summary>
    IgnoreLogWhenVoting = 16,

    /// <summary>The leader changes members whatever that does to the quorum.</summary>
    IgnoreQuorumAtRisk = 32,
}
