namespace Skep.Manager.Orchestration;

/// <summary>Keeps as many slots occupied as a replicated service has replicas, and their tasks up to date.</summary>
/// <remarks>Source: moby/swarmkit:manager/orchestrator/replicated/.</remarks>
internal sealed class ReplicatedServices : IReconciler<ServiceId>
{
    public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Services.Where(s => s.Spec.Mode is ServiceMode.Replicated).Select(s => s.Id);

    public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view) => ServiceKeys.TouchedBy(change, view);

    public Plan Reconcile(StoreView view, ServiceId key, Moment moment)
    {
        if (view.Services.Find(key) is not { Spec.Mode: ServiceMode.Replicated } service)
        {
            return Plan.Nothing;
        }

        var draft = new ServiceDraft(view, service, moment);
        foreach (Slot slot in draft.Slots.Values.ToArray())
        {
            if (draft.IsFull)
            {
                return draft.ToPlan();
            }

            SlotReconciler.Run(draft, slot);
        }

        do
        {
            Scale(draft, (int)((ServiceMode.Replicated)draft.Service.Spec.Mode).Replicas);
        }
        while (RollingUpdate.Run(draft, [.. draft.Slots.Values.Where(s => IsOccupied(draft, s))]));
        return draft.ToPlan();
    }

    private static void Scale(ServiceDraft draft, int replicas)
    {
        Slot[] occupied = [.. draft.Slots.Values.Where(s => IsOccupied(draft, s))];
        if (occupied.Length > replicas)
        {
            foreach (SwarmTask task in SlotPicker.ToRemove(occupied, replicas).SelectMany(s => s.Tasks.ToArray()).TakeWhile(_ => !draft.IsFull))
            {
                draft.Want(task, TaskState.Remove);
            }

            return;
        }

        HashSet<int> taken = [.. occupied.Select(s => s.Key.Number)];
        int number = 0;
        for (int missing = replicas - occupied.Length; missing > 0 && !draft.IsFull; missing--)
        {
            while (!taken.Add(++number))
            {
            }

            // A slot is given out again at once, but its new task starts only when the old one has stopped.
            SlotReconciler.Fill(draft, draft.SlotOf(new SlotKey(number, null)));
        }
    }

    /// <summary>It has a task, or its last one ended for good: then the slot counts, but stays empty. A rollback fills even those.</summary>
    private static bool IsOccupied(ServiceDraft draft, Slot slot)
        => slot.IsWanted
            || (slot.Newest is { DesiredState: TaskState.Shutdown } newest
                && draft.Service.UpdateStatus?.State != UpdateState.RollbackStarted
                && !RestartPolicy.MayRestart(newest, slot.Tasks));
}
