using Skep.Scheduler;

namespace Skep.Manager.Orchestration;

/// <summary>Which nodes have a task of a global service or job.</summary>
internal static class GlobalMembers
{
    /// <summary>The places that are no member's any more, with their tasks, which are to stop.</summary>
    public static IEnumerable<Slot> SlotsToEmpty(ServiceDraft draft)
        => draft.Slots.Values.Where(s => s.Key.Node is not { } id || draft.View.Nodes.Find(id) is not { } node || !Suits(draft.Service, node));

    /// <summary>The places to keep filled, in order. A paused node is a member and keeps its task, but is left as it is.</summary>
    public static IEnumerable<SlotKey> SlotsToFill(ServiceDraft draft)
        => draft.View.Nodes.Where(n => Suits(draft.Service, n) && n.Spec.Availability == NodeAvailability.Active).Select(n => new SlotKey(0, n.Id));

    private static bool Suits(Service service, Node node)
        => node.Description is not null && node.MayRunTasks && Constraint.AllMatch(service.Spec.Task.Placement.Constraints, node);
}
