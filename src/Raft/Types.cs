using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>What a log entry carries: bytes of the state machine, or a change of the membership.</summary>
public enum EntryKind : byte
{
    Normal = 0,
    Membership = 1,
}

/// <summary>One slot of the replicated log. An empty <see cref="Data"/> marks the start of a leader's term.</summary>
public readonly record struct Entry(ulong Term, ulong Index, EntryKind Kind, ReadOnlyMemory<byte> Data);

/// <summary>What a member must never forget: its term, its vote in that term, and what it knows to be committed.</summary>
/// <remarks>Source: Raft thesis §3.4 (persistent state), etcd-io/raft:raftpb HardState. <see cref="Vote"/> 0 means none.</remarks>
public readonly record struct HardState(ulong Term, ulong Vote, ulong Commit);

/// <summary>One member of the group. <see cref="Id"/> is never 0 and never used again after its removal.</summary>
/// <param name="NodeId">The cluster's id of the node; opaque to this room.</param>
/// <param name="Address">Where its peers reach it, host:port; opaque to this room.</param>
/// <param name="IsVoter">False for a learner, which receives the log but counts for no quorum.</param>
public sealed record RaftMember(ulong Id, string NodeId, string Address, bool IsVoter);

/// <summary>The members in force at some index, ordered by id.</summary>
public sealed class Membership(IEnumerable<RaftMember> members) : IEquatable<Membership>
{
    public static Membership Empty { get; } = new([]);

    public ImmutableArray<RaftMember> Members { get; } = [.. members.OrderBy(m => m.Id)];

    public IEnumerable<RaftMember> Voters => Members.Where(m => m.IsVoter);

    public RaftMember? Find(ulong id)
    {
        foreach (RaftMember member in Members)
        {
            if (member.Id == id)
            {
                return member;
            }
        }

        return null;
    }

    public bool Equals(Membership? other) => other is not null && Members.AsSpan().SequenceEqual(other.Members.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as Membership);

    public override int GetHashCode() => Members.Aggregate(17, (hash, member) => HashCode.Combine(hash, member));

    public override string ToString() => string.Join(", ", Members.Select(m => $"{m.Id:x}{(m.IsVoter ? "" : "(learner)")}@{m.Address}"));
}

/// <summary>Where a snapshot stands in the log, and the membership at that point. The data itself lives in the shell's files.</summary>
public sealed record SnapshotMeta(ulong Index, ulong Term, Membership Membership)
{
    public static SnapshotMeta None { get; } = new(0, 0, Membership.Empty);
}

public enum MessageKind : byte
{
    PreVote = 1,
    PreVoteResponse = 2,
    Vote = 3,
    VoteResponse = 4,
    Append = 5,
    AppendResponse = 6,
    Heartbeat = 7,
    HeartbeatResponse = 8,

    /// <summary>Carries only the <see cref="SnapshotMeta"/>; the shell streams the file beside it and steps the message at the receiver when it is whole. It may send a newer file than the core named, with that file's meta.</summary>
    Snapshot = 9,
    TimeoutNow = 10,
    Propose = 11,
    ReadIndex = 12,
    ReadIndexResponse = 13,
}

/// <summary>What members say to each other. Which fields count depends on <see cref="Kind"/>.</summary>
/// <remarks>Source: etcd-io/raft:raftpb Message.</remarks>
public sealed record Message(MessageKind Kind, ulong From, ulong To, ulong Term)
{
    /// <summary>Term of the entry at <see cref="Index"/> (Append: the one before the first; Vote: the candidate's last).</summary>
    public ulong LogTerm { get; init; }

    public ulong Index { get; init; }

    public ImmutableArray<Entry> Entries { get; init; } = [];

    public ulong Commit { get; init; }

    public bool Reject { get; init; }

    /// <summary>With a rejected Append: the follower's best guess where the logs meet.</summary>
    public ulong RejectHint { get; init; }

    public SnapshotMeta? Snapshot { get; init; }

    /// <summary>Opaque: read-index request ids, "campaign by transfer" marks.</summary>
    public ReadOnlyMemory<byte> Context { get; init; }
}

public enum RaftRole : byte
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
    Learner,
}
