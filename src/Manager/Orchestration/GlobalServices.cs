namespace Skep.Manager.Orchestration;

/// <summary>Keeps one task of a global service on every node that it suits.</summary>
/// <remarks>A paused node is left as it is: no task is added, restarted or updated there. Source: moby/swarmkit:manager/orchestrator/global/global.go.</remarks>
internal sealed class GlobalServices : IReconciler<ServiceId>
{
    public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Services.Where(s => s.Spec.Mode is ServiceMode.Global).Select(s => s.Id);

    public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view)
        => ServiceKeys.TouchedBy(change, view, onEveryNode: AllKeys(view));

    public Plan Reconcile(StoreView view, ServiceId key, Moment moment)
    {
        if (view.Services.Find(key) is not { Spec.Mode: ServiceMode.Global } service)
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
        foreach (Slot slot in GlobalMembers.SlotsToEmpty(draft).ToArray())
        {
            foreach (SwarmTask task in slot.Wanted.ToArray())
            {
                draft.Want(task, TaskState.Shutdown);
            }
        }

        var members = new List<Slot>();
        foreach (SlotKey key in GlobalMembers.SlotsToFill(draft).TakeWhile(_ => !draft.IsFull))
        {
            Slot slot = draft.SlotOf(key);
            SlotReconciler.Run(draft, slot);
            if (!slot.IsWanted && !IsFinished(slot))
            {
                SlotReconciler.Fill(draft, slot);
            }

            members.Add(slot);
        }

        return members;
    }

    /// <summary>Its last task ended by itself and is not to be restarted.</summary>
    private static bool IsFinished(Slot slot)
        => slot.Newest is { DesiredState: TaskState.Shutdown, EndedByItself: true } newest
            && !RestartPolicy.MayRestart(newest, slot.Tasks);
}
