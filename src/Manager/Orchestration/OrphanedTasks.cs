namespace Skep.Manager.Orchestration;

/// <summary>Gives up tasks whose node was removed, at once, or has been down for a day: nobody will report of them any more, so they let go of what they hold.</summary>
/// <remarks>Source: moby/swarmkit:manager/dispatcher/dispatcher.go, defaultNodeDownPeriod. There the day begins anew with each leader; here it does not.</remarks>
internal sealed class OrphanedTasks : IReconciler<NodeId>
{
    private static readonly TimeSpan LongestDown = TimeSpan.FromHours(24);

    public IEnumerable<NodeId> AllKeys(StoreView view)
        => view.Nodes.Select(n => n.Id).Concat(view.Tasks.Where(t => t.Node is not null).Select(t => t.Node!.Value)).Distinct();

    public IEnumerable<NodeId> KeysTouchedBy(StoreEvent change, StoreView view) => change.Latest switch
    {
        Node node when ServiceKeys.Matters((Node?)change.Old, (Node?)change.New) => [node.Id],
        SwarmTask { Node: { } id } when !change.IsRemoved && view.Nodes.Find(id) is null => [id],
        _ => [],
    };

    public Plan Reconcile(StoreView view, NodeId key, Moment moment)
    {
        Node? node = view.Nodes.Find(key);
        if (node is { Status.State: not NodeState.Down })
        {
            return Plan.Nothing;
        }

        if (node is not null && node.Status.Since + LongestDown > moment.Now)
        {
            return new Plan([], node.Status.Since + LongestDown);
        }

        ValueList<StoreChange> changes = view.Tasks.OfNode(key)
            .Where(t => t.Status.State <= TaskState.Running)
            .Select(t => (StoreChange)new StoreChange.Update(t with
            {
                Status = t.Status with
                {
                    State = TaskState.Orphaned,
                    Timestamp = moment.Now,
                    Message = node is null ? "Task belonged to a node that has been deleted" : "Task belonged to a node that has been down for a day",
                },
            }))
            .ToValueList();
        return new Plan(changes, null);
    }
}
