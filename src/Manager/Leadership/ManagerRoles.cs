using Microsoft.Extensions.Logging;
using Skep.Raft;

namespace Skep.Manager.Leadership;

/// <summary>Keeps the Raft group and the nodes' roles in step with what users asked: promotes, demotes, lets learners vote, drops members whose node is gone.</summary>
/// <remarks>A role is granted (<see cref="Node.Role"/>) only when the group agrees: a manager-to-be gets it at once, a manager that was loses its membership first.</remarks>
public sealed class ManagerRoles(RaftNode raft, ClusterStore store, TimeProvider time, ILogger<ManagerRoles> logger) : ILeaderLoop
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    // When each learner was heard last, or seen first, since this node leads.
    private readonly Dictionary<ulong, long> _heard = [];
    private string _told = "";

    public string Name => nameof(ManagerRoles);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period, time);
        _heard.Clear();
        do
        {
            try
            {
                await StepAsync(ct).ConfigureAwait(false);
            }
            catch (Exception e) when (e is MembershipRefusedException or RaftUnavailableException or ClusterException { Kind: ErrorKind.Unavailable })
            {
                TellOnce(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false));
    }

    private async Task StepAsync(CancellationToken ct)
    {
        RaftStatus status = raft.Status;
        StoreView view = store.View();
        foreach (RaftMember member in status.Membership.Members)
        {
            Node? node = view.Nodes.Find(new NodeId(member.NodeId));
            await ActAsync(member, MemberDecision.Of(member, node, status, SilenceOf(member, status)), node, ct).ConfigureAwait(false);
        }

        await CommitRolesAsync(view, raft.Status.Membership, ct).ConfigureAwait(false);
    }

    private async Task ActAsync(RaftMember member, MemberDecision decision, Node? node, CancellationToken ct)
    {
        switch (decision.Action)
        {
            case MemberAction.Promote:
                await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Promote, member), ct).ConfigureAwait(false);
                logger.MemberPromoted(member.Id, new NodeId(member.NodeId));
                break;
            case MemberAction.Remove:
                await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, member), ct).ConfigureAwait(false);
                _heard.Remove(member.Id);
                if (node is { IsToBeManager: true })
                {
                    logger.SilentLearnerRemoved(member.Id, node.Id, decision.Reason);
                }
                else
                {
                    logger.MemberRemoved(member.Id, new NodeId(member.NodeId), decision.Reason);
                }

                break;
            case MemberAction.HandOver:
                await raft.TransferLeadershipAsync(0, ct).ConfigureAwait(false); // The next leader removes this node.
                break;
            case MemberAction.Wait:
                TellOnce($"member {member.Id:x} of node {member.NodeId}: {decision.Reason}");
                break;
            case MemberAction.Keep:
                break;
        }
    }

    /// <summary>Of a learner, since this node leads: what an earlier leader heard is not known here.</summary>
    private TimeSpan SilenceOf(RaftMember member, RaftStatus status)
    {
        if (member.IsVoter)
        {
            _heard.Remove(member.Id);
            return TimeSpan.Zero;
        }

        if (!_heard.TryGetValue(member.Id, out long last) || status.Peers.Any(p => p.Id == member.Id && p.Answers))
        {
            _heard[member.Id] = last = time.GetTimestamp();
        }

        return time.GetElapsedTime(last);
    }

    /// <summary>What stays so is looked at ten times a second and told once.</summary>
    private void TellOnce(string reason)
    {
        if (_told != reason)
        {
            _told = reason;
            logger.MembershipNotChanged(reason);
        }
    }

    private async Task CommitRolesAsync(StoreView view, Membership membership, CancellationToken ct)
    {
        var changes = new List<StoreChange>();
        foreach (Node node in view.Nodes)
        {
            RaftMember? member = membership.Members.FirstOrDefault(m => m.NodeId == node.Id.Value);
            NodeRole role = node.IsToBeManager || member is not null ? NodeRole.Manager : NodeRole.Worker;
            ManagerMember? manager = member is null ? null : new ManagerMember(member.Id, member.Address);
            if (node.Role != role || node.Manager != manager)
            {
                changes.Add(new StoreChange.Update(node.WithRole(role) with { Manager = manager }));
            }
        }

        // A conflict is another writer's news; the next period looks again.
        await store.CommitAsync(changes, ct).ConfigureAwait(false);
    }
}
