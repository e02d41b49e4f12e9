using Skep.Scheduler;

namespace Skep.Manager.Scheduling;

/// <summary>What placements mean for the store. Pure.</summary>
internal static class PlacementPlan
{
    /// <summary>Placed tasks become Assigned; the others keep waiting and say why, written only when the words change.</summary>
    public static IReadOnlyList<StoreChange> Of(Placements placements, DateTimeOffset now)
    {
        var changes = new List<StoreChange>(placements.Placed.Length);
        foreach (PlacedTask placed in placements.Placed)
        {
            changes.Add(new StoreChange.Update(placed.Task with
            {
                Node = placed.Node,
                Status = new SwarmTaskStatus(TaskState.Assigned, now)
                {
                    Message = placed.Task.Node is null ? "scheduler assigned task to node" : "scheduler confirmed task can run on preassigned node",
                },
            }));
        }

        foreach (UnplacedTask unplaced in placements.Unplaced)
        {
            if (unplaced.Task.Status.Error != unplaced.Reason)
            {
                changes.Add(new StoreChange.Update(unplaced.Task with { Status = unplaced.Task.Status with { Timestamp = now, Error = unplaced.Reason } }));
            }
        }

        return changes;
    }

    /// <summary>Whether a task that waits might find a node after this: it is new, a node changed, or something was given back.</summary>
    public static bool MayHelp(StoreEvent change) => change.Latest switch
    {
        // Its own reason, written down, helps nobody.
        SwarmTask => (change.New is SwarmTask { Status.State: TaskState.Pending } && change.Old is not SwarmTask { Status.State: TaskState.Pending })
            || (Holds(change.Old) && (!Holds(change.New) || ((SwarmTask)change.Old!).DesiredState != ((SwarmTask)change.New!).DesiredState)),
        Node node => change.Old is not Node old || change.New is null
            || old.Status.State != node.Status.State || old.Spec != node.Spec || old.Role != node.Role || old.Description != node.Description,
        Network => change.IsCreated,
        _ => false,
    };

    private static bool Holds(IStoredObject? stored) => stored is SwarmTask { HoldsResources: true };
}
