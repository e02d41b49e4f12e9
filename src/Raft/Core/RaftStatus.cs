using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>What became of a request to the core. Only <see cref="Accepted"/> may lead to an entry, and even that one may be lost with its leader.</summary>
public enum ProposeOutcome : byte
{
    /// <summary>Appended here, or sent on to the leader (which may still drop it: callers need a time limit).</summary>
    Accepted,

    /// <summary>Nobody to send it to.</summary>
    NoLeader,

    /// <summary>Too much is uncommitted, leadership is being handed over, or this leader is no longer a member. Try again later.</summary>
    Dropped,

    /// <summary>An earlier membership change is not applied yet.</summary>
    ChangePending,

    /// <summary>The change does not fit the membership in force, or would leave it without a quorum that answers.</summary>
    Refused,
}

/// <summary>How the leader feeds one follower.</summary>
public enum ReplicationState : byte
{
    /// <summary>Looking for where the logs meet: one message per heartbeat.</summary>
    Probe,

    /// <summary>Streaming ahead of the answers.</summary>
    Replicate,

    /// <summary>Waiting until a snapshot has arrived.</summary>
    Snapshot,
}

/// <summary>One peer as its leader sees it.</summary>
/// <param name="RecentlyActive">Heard since the last quorum check; false for everybody just after one.</param>
public sealed record PeerStatus(ulong Id, ReplicationState State, ulong Match, ulong Next, bool RecentlyActive, bool IsVoter, int Inflight)
{
    /// <summary>A learner may be this many entries behind what is committed to count as one that keeps up: what a busy group commits while one message is on its way.</summary>
    private const ulong KeepsUpWithin = 64;

    /// <summary>It has spoken within the last one to two election timeouts; false for a newcomer that was never heard.</summary>
    public bool Answers { get; init; }

    /// <summary>An index at which the leader's log held the member's own addition.</summary>
    public ulong Since { get; init; }

    /// <summary>Whether a learner may vote: it holds its own addition, which only one that is really there can answer for, it speaks, and it keeps up.</summary>
    public bool IsReadyToVote(ulong commit) => !IsVoter && Answers && RecentlyActive && State == ReplicationState.Replicate && Match >= Since && Match + KeepsUpWithin >= commit;
}

/// <summary>A picture of one member for operators, metrics and tests.</summary>
public sealed record RaftStatus(
    ulong Id,
    RaftRole Role,
    ulong Leader,
    ulong Term,
    ulong Vote,
    ulong Commit,
    ulong Applied,
    ulong FirstIndex,
    ulong LastIndex,
    ulong TransferTo,
    Membership Membership,
    ImmutableArray<PeerStatus> Peers);
