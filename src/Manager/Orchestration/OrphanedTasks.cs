namespace Skep.Manager.Orchestration;

/// <summary>Gives up tasks whose node was removed, at once, or has been down for a day: nobody will report of them any more, so they let go of what they hold.</summary>
/// <remarks>Source: moby/swarmkit:manager/dispatcher/dispatcher.go, defaultNodeDownPeriod. There the day begins anew with each leader; here it does not.</remarks>
internal sealed class OrphanedTasks : IReconciler<NodeId>
{
    /// <summary>Why, as their tasks say it.</summary>
    public const string NodeRemoved = "Task belonged to a node that has been deleted";

    private const string NodeDown = "Task belonged to a node that has been down for a day";

    private static readonly TimeSpan LongestDown = TimeSpan.FromHours(24);

    public IEnumerable<NodeId> AllKeys(StoreView view)
        => view.Nodes.Select(n => n.Id).Concat(view.Tasks.Where(t => t.Node is not null).Select(t => t.Node!.Value)).Distinct();

    public IEnumerable<NodeId> KeysTouchedBy(StoreEvent change, StoreView view) => change.Latest switch
    {
        Node node when ServiceKeys.IsNewsOfNode(change) => [node.Id],
        SwarmTask { Node: { } id } when !change.IsRemoved && view.Nodes.Find(id) is null => [id],
        _ => [],
    };

    public Plan Reconcile(StoreView view, NodeId key, Moment moment)
    {
        Node? node = view.Nodes.Find(key);
        if (node is { IsDown: false })
        {
            return Plan.Nothing;
        }

        if (node is not null && node.Status.Since + LongestDown > moment.Now)
        {
            return new Plan([], node.Status.Since + LongestDown);
        }

        return new Plan(GiveUp(view, key, moment.Now, node is null ? NodeRemoved : NodeDown).ToValueList(), null);
    }

    /// <summary>What becomes of the tasks of a node that nobody will hear of again.</summary>
    public static IEnumerable<StoreChange> GiveUp(StoreView view, NodeId node, DateTimeOffset now, string why)
        => view.Tasks.OfNode(node)
            .Where(t => !t.HasEnded)
            .Select(t => new StoreChange.Update(t with { Status = t.Status with { State = TaskState.Orphaned, Timestamp = now, Message = why } }));
}
