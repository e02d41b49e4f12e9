namespace Skep.Manager.Orchestration;

/// <summary>Deletes tasks that nothing needs any more: removed ones that have stopped, and per slot what exceeds the history that is kept.</summary>
/// <remarks>
/// The limit counts all tasks of a slot. With a limit of attempts at least one more task is kept, for the policy counts them; and while an update is under way
/// the newest task before it is, for the update is read off the tasks. Source: moby/swarmkit:manager/orchestrator/taskreaper/task_reaper.go.
/// </remarks>
internal sealed class TaskReaper : IReconciler<ServiceId>
{
    public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Tasks.Select(t => t.ServiceId).Distinct();

    public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view) => change.Latest switch
    {
        SwarmTask { IsToEnd: true } task => [task.ServiceId],
        SwarmTask { Attachment: not null, HasEnded: true } task => [task.ServiceId],
        SwarmTask task when change.IsCreated && view.Tasks.OfSlot(task.ServiceId, task.Slot).Count > 1 => [task.ServiceId],
        Service service when ((Service?)change.Old)?.UpdateStatus != ((Service?)change.New)?.UpdateStatus => [service.Id],
        Node node when ServiceKeys.IsNewsOfNode(change) => view.Tasks.OfNode(node.Id).Where(t => t.IsToBeRemoved).Select(t => t.ServiceId).Distinct(),
        Cluster cluster when change.Old is Cluster old && old.Spec.TaskHistoryLimit != cluster.Spec.TaskHistoryLimit => AllKeys(view),
        _ => [],
    };

    public Plan Reconcile(StoreView view, ServiceId key, Moment moment)
    {
        if (key == ServiceId.None)
        {
            // Attachments whose node was lost; they have no history.
            SwarmTask[] lost = [.. view.Tasks.OfService(key).Where(t => t.HasEnded).Take(ServiceDraft.MostChanges)];
            return new Plan(lost.Select(t => (StoreChange)StoreChange.Remove.Of(t)).ToValueList(), lost.Length == ServiceDraft.MostChanges ? moment.Now : null);
        }

        Service? service = view.Services.Find(key);
        long limit = view.Cluster?.Spec.TaskHistoryLimit ?? ClusterSpec.Default.TaskHistoryLimit;
        ValueList<StoreChange> changes = view.Tasks.OfService(key)
            .GroupBy(SlotKey.Of)
            .SelectMany(slot => Surplus(view, service, [.. slot.OrderBy(t => t.CreatedAt).ThenBy(t => t.Id)], limit))
            .Take(ServiceDraft.MostChanges)
            .Select(t => (StoreChange)StoreChange.Remove.Of(t))
            .ToValueList();
        return new Plan(changes, changes.Count == ServiceDraft.MostChanges ? moment.Now : null);
    }

    /// <param name="slot">Oldest first.</param>
    private static IEnumerable<SwarmTask> Surplus(StoreView view, Service? service, SwarmTask[] slot, long limit)
    {
        var kept = new List<SwarmTask>(slot.Length);
        foreach (SwarmTask task in slot)
        {
            if (IsDone(view, task))
            {
                yield return task;
            }
            else
            {
                kept.Add(task);
            }
        }

        if (kept.Count == 0 || limit < 0)
        {
            yield break;
        }

        ulong attempts = kept[^1].Spec.Restart?.MaxAttempts ?? 0;
        long most = attempts > 0 ? Math.Max(limit, (long)attempts + 1) : limit;
        HashSet<TaskId> needed = [.. NeededByUpdate(service, kept)];
        int over = (int)Math.Max(0, kept.Count - most);
        foreach (SwarmTask task in kept.Where(t => t is { IsToEnd: true, HasEnded: true } && !needed.Contains(t.Id)).Take(over))
        {
            yield return task;
        }
    }

    /// <summary>Nobody will ever hear of it again: it is to go and has stopped, or never reached a node, or its node cannot be asked.</summary>
    private static bool IsDone(StoreView view, SwarmTask task)
        => (!task.IsWanted && !task.IsAssigned) || (task.IsToBeRemoved && !task.MayStillRun(view.NodeOf(task)));

    private static IEnumerable<TaskId> NeededByUpdate(Service? service, List<SwarmTask> slot)
    {
        // The newest stays in any case: whether the slot is finished is read off it.
        yield return slot[^1].Id;
        if (service?.UpdateStatus?.State is not (UpdateState.Updating or UpdateState.RollbackStarted))
        {
            yield break;
        }

        if (slot.Find(t => t.SpecVersion == service.SpecVersion) is { } step)
        {
            yield return step.Id;
        }

        if (slot.FindLast(t => t.SpecVersion != service.SpecVersion) is { } before)
        {
            yield return before.Id;
        }
    }
}
