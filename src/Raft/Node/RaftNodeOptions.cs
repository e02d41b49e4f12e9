using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>What a node does about its directory.</summary>
public enum RaftStart : byte
{
    /// <summary>Go on from what is on disk; an empty directory waits for a leader to send a snapshot.</summary>
    Join,

    /// <summary>As <see cref="Join"/>, but an empty directory becomes a new group with this member alone.</summary>
    Found,

    /// <summary>
    /// Make this member the only one, with everything its log holds. For a group that has lost its quorum for good: the other members must never run
    /// with their old directories again.
    /// </summary>
    ForceNewCluster,
}

/// <summary>How one <see cref="RaftNode"/> runs.</summary>
public sealed record RaftNodeOptions
{
    /// <summary>The member's id in the group; never 0, never used again after a removal.</summary>
    public required ulong Id { get; init; }

    /// <summary>The cluster's id of this node.</summary>
    public required string NodeId { get; init; }

    /// <summary>Where peers reach this node, host:port.</summary>
    public required string Address { get; init; }

    /// <summary>32 bytes: encrypts log and snapshots.</summary>
    public required ReadOnlyMemory<byte> DataKey { get; init; }

    /// <summary>Where log and snapshots live; <see cref="DiskRaftFiles.OpenDirectory"/>. Not disposed by the node.</summary>
    public required IRaftFiles Files { get; init; }

    public RaftStart Start { get; init; } = RaftStart.Join;

    /// <summary>With <see cref="RaftStart.Found"/>: where the new group's log begins. The state machine holds what there is up to here when the node is opened.</summary>
    public ulong FirstIndex { get; init; } = 1;

    /// <summary>For a member that joins, until its first snapshot: who is in the group, so it can answer before it has the membership itself.</summary>
    public ImmutableArray<RaftMember> KnownPeers { get; init; } = [];

    /// <summary>Entries that an operator has every member step over, since none can apply them. They change nothing.</summary>
    public ImmutableHashSet<EntryMark> SkippedEntries { get; init; } = [];

    public TimeSpan TickInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A leader is missed after this many ticks, up to twice as many.</summary>
    public int ElectionTicks { get; init; } = 10;

    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>How long proposals, reads and membership changes wait before <see cref="RaftUnavailableException"/>.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A snapshot is taken after this many entries …</summary>
    public ulong SnapshotEntries { get; init; } = 10_000;

    /// <summary>… or this many bytes of them.</summary>
    public long SnapshotLogBytes { get; init; } = 64 << 20;

    /// <summary>Entries kept below a snapshot, so that a follower slightly behind needs no snapshot.</summary>
    public ulong KeepEntries { get; init; } = 1_000;

    public int SegmentBytes { get; init; } = 16 << 20;

    /// <summary>Proposals of this node that are on their way; more wait. Far below <see cref="RecentProposals.Capacity"/>, or duplicates could slip through.</summary>
    public int MaxProposalsInFlight { get; init; } = 8_192;

    /// <summary>Messages of peers that wait for the loop; more are dropped, as a network would.</summary>
    public int InboxCapacity { get; init; } = 8_192;

    /// <summary>Background work runs inside the call that starts it: for tests that drive the loop by hand.</summary>
    internal bool InlineBackground { get; init; }

    internal RaftMember Self => new(Id, NodeId, Address, IsVoter: true);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfZero(Id);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(TickInterval.Ticks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(RequestLimit.Ticks);
        ArgumentOutOfRangeException.ThrowIfZero(SnapshotEntries);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(SnapshotLogBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxProposalsInFlight);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxProposalsInFlight, RecentProposals.Capacity / 4);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(InboxCapacity);
    }
}
