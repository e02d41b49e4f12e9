using Skep.Scheduler;

namespace Skep.Manager.Orchestration;

/// <summary>Keeps one task of a global service on every node that it suits.</summary>
/// <remarks>A paused node is left as it is: no task is added, restarted or updated there. Source: moby/swarmkit:manager/orchestrator/global/global.go.</remarks>
internal sealed class GlobalServices : IReconciler<ServiceId>
{
    public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Services.Where(s => s.Spec.Mode is ServiceMode.Global).Select(s => s.Id);

    public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view)
        => change.Kind == ObjectKind.Node && ServiceKeys.Matters((Node?)change.Old, (Node?)change.New) ? AllKeys(view) : ServiceKeys.TouchedBy(change, view);

    public Plan Reconcile(StoreView view, ServiceId key, Moment moment)
    {
        if (view.Services.Find(key) is not { PendingDelete: false, Spec.Mode: ServiceMode.Global } service)
        {
            return Plan.Nothing;
        }

        var draft = new ServiceDraft(view, service, moment);
        while (RollingUpdate.Run(draft, Spread(draft)))
        {
        }

        return draft.ToPlan();
    }

    /// <returns>The slots of the nodes that take part in updates.</returns>
    private static List<Slot> Spread(ServiceDraft draft)
    {
        foreach (Slot slot in draft.Slots.Values.Where(s => !IsMember(draft.Service, NodeOf(draft.View, s))).ToArray())
        {
            foreach (SwarmTask task in slot.Wanted.ToArray())
            {
                draft.Want(task, TaskState.Shutdown);
            }
        }

        var members = new List<Slot>();
        foreach (Node node in draft.View.Nodes.Where(n => IsMember(draft.Service, n) && n.Spec.Availability == NodeAvailability.Active).TakeWhile(_ => !draft.IsFull))
        {
            Slot slot = draft.SlotOf(new SlotKey(0, node.Id));
            SlotReconciler.Run(draft, slot);
            if (!slot.IsWanted && !IsFinished(slot))
            {
                draft.Create(slot.Key, slot.Stopping.LastOrDefault(t => !SlotReconciler.IsGone(draft, t))?.Id, null);
            }

            members.Add(slot);
        }

        return members;
    }

    private static Node? NodeOf(StoreView view, Slot slot) => slot.Key.Node is { } node ? view.Nodes.Find(node) : null;

    private static bool IsMember(Service service, Node? node)
        => node is { Description: not null } && SlotReconciler.IsUsable(node) && Constraint.AllMatch(service.Spec.Task.Placement.Constraints, node);

    /// <summary>Its last task ended by itself and is not to be restarted.</summary>
    private static bool IsFinished(Slot slot)
        => slot.Newest is { DesiredState: TaskState.Shutdown, Status.State: TaskState.Complete or TaskState.Failed or TaskState.Rejected } newest
            && !RestartPolicy.MayRestart(newest, slot.Tasks);
}
