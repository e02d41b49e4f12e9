using Skep.Raft;
using Skep.Rpc.Security;

namespace Skep.Manager.Consensus;

/// <summary>Which Raft messages another manager may send: its own only, and none that no honest member could. Pure.</summary>
internal static class RaftMessageRules
{
    /// <summary>
    /// Elections end terms: one a second for a hundred years is 2^32. A message from further ahead is no election that was missed; accepted, a few of them would use up
    /// all terms there are, and no leader could ever be chosen again.
    /// </summary>
    private const ulong MaxTermJump = 1UL << 32;

    /// <param name="status">What this member knows of its group, which may be less than the sender knows.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.PermissionDenied"/>: the message speaks for another member, or asks what only members may.
    /// <see cref="ErrorKind.InvalidArgument"/>: no member could have sent it.</exception>
    public static void Check(Message message, PeerIdentity sender, RaftStatus status)
    {
        RaftMember? member = status.Membership.Find(message.From);
        if (member is not null && member.NodeId != sender.Node.Value)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"member {message.From:x} is node {member.NodeId}, not {sender.Node}");
        }

        // A member this one has not heard of may lead it: that is how it hears. What asks the leader for something comes from members the leader knows.
        if (member is null && (message.Kind is MessageKind.Propose or MessageKind.ReadIndex))
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"node {sender.Node} asks as member {message.From:x}, which the Raft group does not have");
        }

        if (message.Term > status.Term && message.Term - status.Term > MaxTermJump)
        {
            throw ClusterException.Invalid($"term {message.Term} is out of reach from term {status.Term}");
        }
    }
}
