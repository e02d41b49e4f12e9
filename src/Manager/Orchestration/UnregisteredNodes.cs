using Skep.Manager.Control;

namespace Skep.Manager.Orchestration;

/// <summary>Forgets nodes that got a certificate and never came: their machine could not enter, and could not say so.</summary>
/// <remarks>Nothing else ends them: they have no name to be removed by, and a rotation of the root certificate would wait for them for ever.</remarks>
internal sealed class UnregisteredNodes : IReconciler<NodeId>
{
    /// <summary>A machine registers within seconds of its certificate; minutes are a slow disk or managers that were away.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Whether no agent of the node ever spoke.</summary>
    public static bool NeverSpoke(Node node) => node.Description is null && node.Status.State == NodeState.Unknown;

    public IEnumerable<NodeId> AllKeys(StoreView view) => view.Nodes.Where(IsUnregistered).Select(n => n.Id);

    public IEnumerable<NodeId> KeysTouchedBy(StoreEvent change, StoreView view) => change.New is Node node && IsUnregistered(node) ? [node.Id] : [];

    public Plan Reconcile(StoreView view, NodeId key, Moment moment)
    {
        if (view.Nodes.Find(key) is not { } node || !IsUnregistered(node) || view.Cluster is null)
        {
            return Plan.Nothing;
        }

        DateTimeOffset due = node.CreatedAt + Limit;
        return due > moment.Now ? new Plan([], due) : new Plan(NodeControl.Forget(view, node, moment.Now), null);
    }

    /// <summary>A member of the Raft group is there, as far as can be told; one that is not is dropped from the group first.</summary>
    private static bool IsUnregistered(Node node) => NeverSpoke(node) && node.Manager is null;
}
