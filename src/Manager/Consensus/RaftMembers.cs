using Grpc.Core;
using Skep.Manager.Control;
using Skep.Raft;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Consensus;

/// <summary>The Raft group as users see it: who leads, who votes, who is silent.</summary>
internal sealed class RaftMembers(RaftNode raft, NodeChannels channels, TimeProvider time) : IMembershipControl
{
    /// <summary>A leader that takes longer to say whom it hears is about to be none.</summary>
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(2);

    public ManagerGroup Group()
    {
        RaftStatus status = raft.Status;
        return new ManagerGroup(status.Membership.Find(status.Leader) is { } leader ? new NodeId(leader.NodeId) : null, status.Membership.Members.Where(m => IsSilent(m, status)).Select(NodeOf).ToValueList())
        {
            Voters = status.Membership.Voters.Select(NodeOf).ToValueList(),
        };
    }

    public async Task<ManagerGroup> AskLeaderAsync(CancellationToken ct)
    {
        RaftStatus status = raft.Status;
        if (status.Role == RaftRole.Leader || status.Membership.Find(status.Leader) is not { } leader)
        {
            return Group(); // Without a leader there is nothing to be known, and nothing can be changed.
        }

        try
        {
            V1.GroupResponse answer = await new V1.Raft.RaftClient(channels.To(leader.Address, Callee.Manager(NodeOf(leader)))).GroupAsync(
                new V1.GroupRequest(), new CallOptions(deadline: (time.GetUtcNow() + AskLimit).UtcDateTime, cancellationToken: ct)).ConfigureAwait(false);
            return new ManagerGroup(NodeOf(leader), answer.Members.Where(m => !m.Answers).Select(m => new NodeId(m.Member.NodeId)).ToValueList())
            {
                Voters = answer.Members.Where(m => m.Member.IsVoter).Select(m => new NodeId(m.Member.NodeId)).ToValueList(),
            };
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"the leader, node {leader.NodeId} at {leader.Address}, does not say which managers answer: {e.Status.Detail}", e);
        }
    }

    /// <summary>What <see cref="AskLeaderAsync"/> asks of this node while it leads.</summary>
    public static V1.GroupResponse Describe(RaftStatus status)
    {
        var answer = new V1.GroupResponse();
        answer.Members.AddRange(status.Membership.Members.Select(m => new V1.GroupMember { Member = ToProto(m), Answers = !IsSilent(m, status) }));
        return answer;
    }

    public static V1.Member ToProto(RaftMember m) => new() { RaftId = m.Id, NodeId = m.NodeId, Address = m.Address, IsVoter = m.IsVoter };

    private static NodeId NodeOf(RaftMember member) => new(member.NodeId);

    private static bool IsSilent(RaftMember member, RaftStatus status) => status.Peers.Any(p => p.Id == member.Id && !p.Answers);
}
