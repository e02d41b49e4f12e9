using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>How a node reaches its peers. What arrives at the other side is given to <see cref="RaftNode.Receive"/>.</summary>
public interface IRaftTransport
{
    /// <summary>Best effort, never blocks, never throws; in order per peer. What cannot be sent is dropped and, if known, told to <see cref="RaftNode.ReportUnreachable"/>.</summary>
    void Send(RaftMember to, ImmutableArray<Message> messages);

    /// <summary>Carries a snapshot to the peer's <see cref="RaftNode.ReceiveSnapshotAsync"/>. Returns once that has returned; throws if it did not get there whole.</summary>
    /// <param name="data">Read once, front to back; carries its own end mark. The node disposes it.</param>
    Task SendSnapshotAsync(RaftMember to, Message snapshotMessage, Stream data, CancellationToken ct);

    /// <summary>The members in force: connections to others can be closed.</summary>
    void MembershipChanged(Membership members);
}
