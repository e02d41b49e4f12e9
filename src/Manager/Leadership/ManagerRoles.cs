using Microsoft.Extensions.Logging;
using Skep.Raft;

namespace Skep.Manager.Leadership;

/// <summary>Keeps the Raft group and the nodes' roles in step with what users asked: promotes, demotes, lets learners vote, drops members whose node is gone.</summary>
/// <remarks>A role is granted (<see cref="Node.Role"/>) only when the group agrees: a manager-to-be gets it at once, a manager that was loses its membership first.</remarks>
public sealed class ManagerRoles(RaftNode raft, ClusterStore store, TimeProvider time, ILogger<ManagerRoles> logger) : ILeaderLoop
{
    /// <summary>A learner this close to the commit index has caught up.</summary>
    private const ulong CaughtUpEntries = 64;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    public string Name => nameof(ManagerRoles);

    public async Task RunAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            try
            {
                await StepAsync(ct).ConfigureAwait(false);
            }
            catch (Exception e) when (e is MembershipRefusedException or RaftUnavailableException or ClusterException { Kind: ErrorKind.Unavailable })
            {
                logger.MembershipNotChanged(e.Message);
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
            var id = new NodeId(member.NodeId);
            Node? node = view.Nodes.Find(id);
            if (node is not { IsToBeManager: true })
            {
                await RemoveAsync(status, member, node is null ? "its node was removed" : "it is demoted", ct).ConfigureAwait(false);
            }
            else if (!member.IsVoter && status.Peers.FirstOrDefault(p => p.Id == member.Id) is { RecentlyActive: true } peer && peer.Match + CaughtUpEntries >= status.Commit)
            {
                await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Promote, member), ct).ConfigureAwait(false);
                logger.MemberPromoted(member.Id, id);
            }
        }

        await CommitRolesAsync(view, raft.Status.Membership, ct).ConfigureAwait(false);
    }

    private async Task RemoveAsync(RaftStatus status, RaftMember member, string reason, CancellationToken ct)
    {
        if (member.IsVoter && status.Membership.Voters.Count() == 1)
        {
            return; // The last manager cannot go; Control refuses to ask for it.
        }

        if (member.Id == status.Id)
        {
            await raft.TransferLeadershipAsync(0, ct).ConfigureAwait(false); // The next leader removes this node.
            return;
        }

        await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, member), ct).ConfigureAwait(false);
        logger.MemberRemoved(member.Id, new NodeId(member.NodeId), reason);
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
