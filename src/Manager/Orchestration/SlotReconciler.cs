namespace Skep.Manager.Orchestration;

/// <summary>Keeps one slot going: tasks that ended or lost their node are replaced, tasks that waited for their moment are started.</summary>
internal static class SlotReconciler
{
    /// <summary>How long a replacement waits at most for the task before it to stop. Source: moby/swarmkit:manager/orchestrator/restart/restart.go, defaultOldTaskTimeout.</summary>
    public static readonly TimeSpan LongestStop = TimeSpan.FromMinutes(1);

    public static void Run(ServiceDraft draft, Slot slot)
    {
        foreach (SwarmTask task in slot.Wanted.ToArray())
        {
            if (NeedsReplacing(draft, task))
            {
                Replace(draft, slot, task);
            }
        }

        foreach (SwarmTask task in slot.Wanted.Where(t => t.DesiredState == TaskState.Ready).ToArray())
        {
            Promote(draft, task);
        }
    }

    /// <summary>Makes the slot's next task; it starts when the newest of those that are to stop has stopped.</summary>
    public static void Fill(ServiceDraft draft, Slot slot) => draft.Create(slot.Key, slot.Stopping.LastOrDefault(draft.MayStillRun)?.Id, null);

    /// <summary>It has stopped, or runs where nothing of a service may run any more.</summary>
    private static bool NeedsReplacing(ServiceDraft draft, SwarmTask task)
        => task.HasEnded || (task.Node is not null && draft.NodeOf(task) is not { MayRunTasks: true });

    private static void Replace(ServiceDraft draft, Slot slot, SwarmTask ended)
    {
        // Refused while it was prepared, before its moment had come: the delay it waited for is not cut short, or a task that no node takes would be tried without a pause.
        if (ended is { DesiredState: TaskState.Ready, NotBefore: { } moment } && moment > draft.Now && draft.NodeOf(ended) is { MayRunTasks: true })
        {
            draft.WakeAt(moment);
            return;
        }

        RestartDecision decision = RestartPolicy.Decide(ended, slot.Tasks, draft.NodeOf(ended), draft.Now);
        draft.Want(ended, TaskState.Shutdown);

        // With start-first the old task may still stand beside an ended new one: that is no replacement.
        if (decision.Restart && !slot.Wanted.Any(t => !TaskTemplate.IsOutdated(draft.Service, t, draft.NodeOf(t))))
        {
            draft.Create(slot.Key, draft.MayStillRun(ended) ? ended.Id : null, decision.NotBefore);
        }
    }

    private static void Promote(ServiceDraft draft, SwarmTask task)
    {
        DateTimeOffset at = task.NotBefore ?? task.CreatedAt;
        if (task.After is { } id && draft.Find(id) is { } before && draft.MayStillRun(before))
        {
            DateTimeOffset latest = task.CreatedAt + LongestStop;
            at = at > latest ? at : latest;
        }

        if (at <= draft.Now)
        {
            draft.Want(task, draft.Goal);
        }
        else
        {
            draft.WakeAt(at);
        }
    }
}
