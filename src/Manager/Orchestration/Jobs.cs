namespace Skep.Manager.Orchestration;

/// <summary>Runs jobs: each slot of a replicated job, or each node of a global one, until a task of it completes.</summary>
/// <remarks>
/// A new spec begins a new iteration, and tasks of earlier ones go. A slot whose attempts are used up stays as it is and counts as used. Slots count from 1, as
/// those of services; Swarm's count from 0, which its CLI cannot tell from a global task. Source: moby/swarmkit:manager/orchestrator/jobs/.
/// </remarks>
internal sealed class Jobs : IReconciler<ServiceId>
{
    public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Services.Where(s => s.Spec.Mode is ServiceMode.ReplicatedJob or ServiceMode.GlobalJob).Select(s => s.Id);

    public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view)
        => ServiceKeys.TouchedBy(change, view, onEveryNode: AllKeys(view));

    public Plan Reconcile(StoreView view, ServiceId key, Moment moment)
    {
        if (view.Services.Find(key) is not { JobStatus: { } status } service)
        {
            return Plan.Nothing;
        }

        var draft = new ServiceDraft(view, service, moment);
        foreach (SwarmTask task in draft.Slots.Values.SelectMany(s => s.Tasks).Where(t => t.JobIteration != status.Iteration).ToArray())
        {
            draft.Want(task, TaskState.Remove);
        }

        switch (service.Spec.Mode)
        {
            case ServiceMode.ReplicatedJob job:
                RunSlots(draft, job);
                break;
            case ServiceMode.GlobalJob:
                RunNodes(draft);
                break;
        }

        return draft.ToPlan();
    }

    private static void RunSlots(ServiceDraft draft, ServiceMode.ReplicatedJob job)
    {
        int total = (int)job.TotalCompletions;
        int concurrent = job.MaxConcurrent == 0 ? total : (int)job.MaxConcurrent;
        Slot[] begun = [.. draft.Slots.Values.Where(s => Present(draft, s).Any())];
        foreach (Slot slot in begun.Where(s => !IsCompleted(draft, s)).TakeWhile(_ => !draft.IsFull))
        {
            SlotReconciler.Run(draft, slot);
        }

        int running = begun.Count(s => !IsCompleted(draft, s) && s.IsWanted);
        HashSet<int> used = [.. begun.Select(s => s.Key.Number)];
        for (int number = 1; number <= total && running < concurrent && !draft.IsFull; number++)
        {
            if (used.Add(number))
            {
                SlotReconciler.Fill(draft, draft.SlotOf(new SlotKey(number, null)));
                running++;
            }
        }
    }

    private static void RunNodes(ServiceDraft draft)
    {
        foreach (SwarmTask task in GlobalMembers.SlotsToEmpty(draft).SelectMany(s => s.Wanted).Where(t => !t.HasEnded).ToArray())
        {
            draft.Want(task, TaskState.Shutdown);
        }

        foreach (SlotKey key in GlobalMembers.SlotsToFill(draft).TakeWhile(_ => !draft.IsFull))
        {
            Slot slot = draft.SlotOf(key);
            if (IsCompleted(draft, slot))
            {
                continue;
            }

            SlotReconciler.Run(draft, slot);
            bool isUsedUp = Present(draft, slot).LastOrDefault() is { HasFailed: true } last && !RestartPolicy.MayRestart(last, slot.Tasks);
            if (!slot.IsWanted && !isUsedUp)
            {
                SlotReconciler.Fill(draft, slot);
            }
        }
    }

    private static IEnumerable<SwarmTask> Present(ServiceDraft draft, Slot slot) => slot.Tasks.Where(t => t.JobIteration == draft.Service.JobStatus!.Iteration);

    private static bool IsCompleted(ServiceDraft draft, Slot slot) => Present(draft, slot).Any(t => t.HasCompleted);
}
