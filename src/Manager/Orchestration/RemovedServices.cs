namespace Skep.Manager.Orchestration;

/// <summary>Takes down the tasks of services that were removed; the reaper deletes them once they have stopped.</summary>
internal sealed class RemovedServices : IReconciler<ServiceId>
{
    public IEnumerable<ServiceId> AllKeys(StoreView view) => view.Tasks.Select(t => t.ServiceId).Distinct().Where(s => IsRemoved(view, s));

    public IEnumerable<ServiceId> KeysTouchedBy(StoreEvent change, StoreView view) => change.Latest switch
    {
        Service service when IsRemoved(view, service.Id) => [service.Id],
        SwarmTask { IsToBeRemoved: false } task when IsRemoved(view, task.ServiceId) => [task.ServiceId],
        _ => [],
    };

    public Plan Reconcile(StoreView view, ServiceId key, Moment moment)
    {
        if (!IsRemoved(view, key))
        {
            return Plan.Nothing;
        }

        ValueList<StoreChange> changes = view.Tasks.OfService(key).Where(t => !t.IsToBeRemoved)
            .Take(ServiceDraft.MostChanges)
            .Select(t => (StoreChange)new StoreChange.Update(t with { DesiredState = TaskState.Remove }))
            .ToValueList();
        return new Plan(changes, changes.Count == ServiceDraft.MostChanges ? moment.Now : null);
    }

    /// <summary>Tasks that belong to none have none that could be removed.</summary>
    private static bool IsRemoved(StoreView view, ServiceId key) => key != ServiceId.None && view.Services.Find(key) is null;
}
