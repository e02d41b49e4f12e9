using Skep.Scheduler;

namespace Skep.Manager.Orchestration;

/// <summary>Stops tasks on nodes that no longer satisfy the constraints they were placed by, so that they are replaced elsewhere.</summary>
/// <remarks>
/// A service whose constraints were changed is left to its rolling update: a task is rejected only if neither its own constraints nor its service's present ones
/// hold. Global services see to themselves. The state stays what was observed: until a container is seen to have ended, its addresses, ports and resources are not given out
/// again, which Swarm does by calling it rejected. Source: moby/swarmkit:manager/orchestrator/constraintenforcer/constraint_enforcer.go.
/// </remarks>
internal sealed class ConstraintEnforcer : IReconciler<NodeId>
{
    public IEnumerable<NodeId> AllKeys(StoreView view) => view.Nodes.Select(n => n.Id);

    public IEnumerable<NodeId> KeysTouchedBy(StoreEvent change, StoreView view)
        => change.Latest is Node node && ServiceKeys.IsNewsOfNode(change) ? [node.Id] : [];

    public Plan Reconcile(StoreView view, NodeId key, Moment moment)
    {
        if (view.Nodes.Find(key) is not { TakesNewTasks: true } node)
        {
            return Plan.Nothing;
        }

        ValueList<StoreChange> changes = view.Tasks.OfNode(key)
            .Where(t => t is { Slot: > 0, IsWanted: true, HoldsResources: true } && !Suits(view, t, node))
            .Select(t => (StoreChange)new StoreChange.Update(t with
            {
                DesiredState = TaskState.Shutdown,
                Status = t.Status with { Message = "stopped by constraint enforcer", Error = "assigned node no longer meets constraints" },
            }))
            .ToValueList();
        return new Plan(changes, null);
    }

    private static bool Suits(StoreView view, SwarmTask task, Node node)
        => Constraint.AllMatch(task.Spec.Placement.Constraints, node)
            || (view.Services.Find(task.ServiceId) is { } service && Constraint.AllMatch(service.Spec.Task.Placement.Constraints, node));
}
