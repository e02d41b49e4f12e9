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
    public async Task UpdateAsync(string name, ulong version, NodeSpec spec, CancellationToken ct)
    {
        ManagerGroup? group = spec.DesiredRole == NodeRole.Worker && IsManagerHere(name) ? await _members.AskLeaderAsync(ct) : null;
        await _commits.CommitAsync(
            view =>
            {
                Node node = view.Node(name);
                ControlCommits.RequireVersion(node, version);
                ValueList<StoreChange> changes = [new StoreChange.Update(node with { Spec = spec })];
                if (node.IsToBeManager && spec.DesiredRole == NodeRole.Worker)
                {
                    // The others are required unchanged, so that two demotions at once cannot each count on the other's node.
                    changes = changes.AddRange(OthersThatStay(node, view, group ?? _members.Group()).Select(StoreChange.Require.Unchanged));
                }

                return new ControlPlan<bool>(changes, true);
            },
            ct);
    }

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

            return new ControlPlan<bool>(Forget(view, node, _time.GetUtcNow()), true);
        },
        ct);

    /// <summary>What makes a node one that was removed: its certificate opens nothing any more, and its tasks are lost.</summary>
    /// <remarks>All in one batch, else nobody would know of these tasks any more. Source: moby/swarmkit:manager/controlapi/node.go.</remarks>
    internal static ValueList<StoreChange> Forget(StoreView view, Node node, DateTimeOffset now)
    {
        ValueList<StoreChange> changes = [StoreChange.Remove.Of(node), new StoreChange.Update(WithoutNode(view.RequireCluster(), node.Id, now))];
        return changes.AddRange(OrphanedTasks.GiveUp(view, node.Id, now, OrphanedTasks.NodeRemoved));
    }

    /// <summary>The managers beside the one that goes. Only votes count: a learner holds up no quorum, and costs none.</summary>
    private static Node[] OthersThatStay(Node leaving, StoreView view, ManagerGroup group)
    {
        Node[] managers = [.. view.Nodes.Where(n => n.IsToBeManager)], others = [.. managers.Where(n => n.Id != leaving.Id)];
        if (others.Length == 0)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "attempting to demote the last manager of the swarm");
        }

        if (group.Voters.Contains(leaving.Id) && group.VotesOf(managers).ObjectionTo(group.VotesOf(others)) is { } objection)
        {
            string[] silent = [.. others.Where(n => group.Voters.Contains(n.Id) && !group.CanReach(n)).Select(n => n.Hostname)];
            string remedy = silent.Length == 0 ? "let another manager join first" : $"bring back, or demote first, what does not answer: {string.Join(", ", silent)}";
            throw new ClusterException(ErrorKind.FailedPrecondition, $"can't remove member from the raft: this would result in a loss of quorum: {objection}; {remedy}");
        }

        return others;
    }

    private bool IsManagerHere(string name)
    {
        try
        {
            return _commits.View().Node(name).IsToBeManager;
        }
        catch (ClusterException)
        {
            return false; // Not known here, or not yet: the fresh view has the word.
        }
    }

    private static Cluster WithoutNode(Cluster cluster, NodeId node, DateTimeOffset now) => cluster with
    {
        // A certificate that has run out needs no entry any more.
        RemovedNodes = cluster.RemovedNodes.Where(n => n.Value > now).ToValueMap().Set(node, cluster.CertificatesUntil(now)),
    };
}
