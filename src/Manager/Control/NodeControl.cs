using Skep.Manager.Orchestration;

namespace Skep.Manager.Control;

/// <summary>Nodes: relabelled, drained, promoted, demoted, removed.</summary>
public sealed class NodeControl
{
    private readonly ControlCommits _commits;
    private readonly TimeProvider _time;
    private readonly IMembershipControl _members;

    internal NodeControl(ControlCommits commits, TimeProvider time, IMembershipControl members)
    {
        _commits = commits;
        _time = time;
        _members = members;
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the last manager, or the quorum would be lost. <see cref="ErrorKind.OutOfSequence"/>.</exception>
    public Task UpdateAsync(string name, ulong version, NodeSpec spec, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Node node = view.Node(name);
            ControlCommits.RequireVersion(node, version);
            ValueList<StoreChange> changes = [new StoreChange.Update(node with { Spec = spec })];
            if (node.IsToBeManager && spec.DesiredRole == NodeRole.Worker)
            {
                // The others are required unchanged, so that two demotions at once cannot each count on the other's node.
                changes = changes.AddRange(OthersThatStay(node, view).Select(StoreChange.Require.Unchanged));
            }

            return new ControlPlan<bool>(changes, true);
        },
        ct);

    /// <summary>Forgets a node: its certificate is refused from now on, what it still ran counts as lost.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: a manager, or not down and not forced.</exception>
    public Task RemoveAsync(string name, bool force, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Node node = view.Node(name);
            if (node.IsToBeManager || node.Manager is not null)
            {
                throw new ClusterException(
                    ErrorKind.FailedPrecondition,
                    $"node {node.Id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal");
            }

            if (!force && node.Status.State == NodeState.Ready)
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, $"node {node.Id} is not down and can't be removed");
            }

            // In the same batch as the removal, else nobody would know of these tasks any more. Source: moby/swarmkit:manager/controlapi/node.go.
            DateTimeOffset now = _time.GetUtcNow();
            ValueList<StoreChange> changes = [StoreChange.Remove.Of(node), new StoreChange.Update(WithoutNode(view.RequireCluster(), node.Id, now))];
            return new ControlPlan<bool>(changes.AddRange(OrphanedTasks.GiveUp(view, node.Id, now, OrphanedTasks.NodeRemoved)), true);
        },
        ct);

    private IEnumerable<Node> OthersThatStay(Node leaving, StoreView view)
    {
        Node[] others = [.. view.Nodes.Where(n => n.Id != leaving.Id && n.IsToBeManager)];
        if (others.Length == 0)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "attempting to demote the last manager of the swarm");
        }

        ManagerGroup group = _members.Group();
        Node[] voters = [.. others.Where(n => n.Manager is not null)];
        int reachable = voters.Count(group.CanReach);
        if (reachable < (voters.Length / 2) + 1)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "can't remove member from the raft: this would result in a loss of quorum");
        }

        return others;
    }

    private static Cluster WithoutNode(Cluster cluster, NodeId node, DateTimeOffset now) => cluster with
    {
        // A certificate that has run out needs no entry any more.
        RemovedNodes = cluster.RemovedNodes.Where(n => n.Value > now).ToValueMap().Set(node, cluster.CertificatesUntil(now)),
    };
}
