using Skep.Manager.Control;
using Skep.Raft;

namespace Skep.Manager.Consensus;

/// <summary>The Raft group as users see it: who leads, who is silent.</summary>
internal sealed class RaftMembers(RaftNode raft) : IMembershipControl
{
    public ManagerGroup Group()
    {
        RaftStatus status = raft.Status;
        return new ManagerGroup(
            status.Membership.Find(status.Leader) is { } leader ? new NodeId(leader.NodeId) : null,
            status.Peers.Where(p => p.Id != status.Id && !p.RecentlyActive).Select(p => status.Membership.Find(p.Id)).OfType<RaftMember>().Select(m => new NodeId(m.NodeId)).ToValueList());
    }
}
