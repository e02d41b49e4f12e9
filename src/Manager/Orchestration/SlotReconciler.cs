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
            if (HasEnded(draft, task))
            {
                Replace(draft, slot, task);
            }
        }

        foreach (SwarmTask task in slot.Wanted.Where(t => t.DesiredState == TaskState.Ready).ToArray())
        {
            Promote(draft, task);
        }
    }

    /// <summary>It has stopped, or runs where nothing of a service may run any more.</summary>
    public static bool HasEnded(ServiceDraft draft, SwarmTask task)
        => task.Status.State > TaskState.Running || (task.Node is not null && !IsUsable(draft.NodeOf(task)));

    public static bool IsUsable(Node? node) => node is { Status.State: not NodeState.Down, Spec.Availability: not NodeAvailability.Drain };

    /// <summary>Whether nothing of the task can run any more, as far as can be known.</summary>
    public static bool IsGone(ServiceDraft draft, SwarmTask? task)
        => task is null || task.Status.State > TaskState.Running || task.Node is null || draft.NodeOf(task) is not { Status.State: not NodeState.Down };

    private static void Replace(ServiceDraft draft, Slot slot, SwarmTask ended)
    {
        // Refused while it was prepared, before its moment had come: the delay it waited for is not cut short, or a task that no node takes would be tried without a pause.
        if (ended is { DesiredState: TaskState.Ready, NotBefore: { } moment } && moment > draft.Now && IsUsable(draft.NodeOf(ended)))
        {
            draft.WakeAt(moment);
            return;
        }

        RestartDecision decision = RestartPolicy.Decide(ended, slot.Tasks, draft.NodeOf(ended), draft.Now);
        draft.Want(ended, TaskState.Shutdown);

        // With start-first the old task may still stand beside an ended new one: that is no replacement.
        if (decision.Restart && !slot.Wanted.Any(t => !TaskTemplate.IsOutdated(draft.Service, t, draft.NodeOf(t))))
        {
            draft.Create(slot.Key, IsGone(draft, ended) ? null : ended.Id, decision.NotBefore);
        }
    }

    private static void Promote(ServiceDraft draft, SwarmTask task)
    {
        DateTimeOffset at = task.NotBefore ?? task.CreatedAt;
        if (task.After is { } id && !IsGone(draft, draft.Find(id)))
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
