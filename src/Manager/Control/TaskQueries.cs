namespace Skep.Manager.Control;

/// <summary>How many of a service's tasks there are, as lists of services show them.</summary>
public sealed record ServiceCounts(ulong Running, ulong Desired, ulong Completed);

/// <summary>What is asked of tasks in terms of their service.</summary>
public static class TaskQueries
{
    /// <remarks>Source: moby/swarmkit:manager/controlapi/service.go, ListServiceStatuses. Tasks on nodes that are down do not count as running.</remarks>
    public static ServiceCounts CountsOf(this StoreView view, Service service)
    {
        ulong running = 0, completed = 0, live = 0;
        foreach (SwarmTask task in view.Tasks.OfService(service.Id))
        {
            bool isCurrentRun = task.JobIteration is not { } iteration || iteration == service.JobStatus?.Iteration;
            if (task is { IsRunning: true, IsWanted: true } && view.NodeOf(task) is { IsDown: false })
            {
                running++;
            }

            if (task.HasCompleted && task.JobIteration is not null && isCurrentRun)
            {
                completed++;
            }

            if (isCurrentRun && task.DesiredState is TaskState.Running or TaskState.Complete)
            {
                live++;
            }
        }

        ulong desired = service.Spec.Mode switch
        {
            ServiceMode.Replicated replicated => replicated.Replicas,
            ServiceMode.ReplicatedJob job => job.MaxConcurrent == 0 ? job.TotalCompletions : job.MaxConcurrent,
            ServiceMode.GlobalJob => live - Math.Min(live, completed), // What is left to do: clients add the completed ones themselves.
            _ => live,
        };
        return new ServiceCounts(running, desired, completed);
    }

    /// <summary>True if the task was made from its service's present spec, or from one that differs in nothing a task shows.</summary>
    public static bool IsUpToDate(this StoreView view, SwarmTask task)
        => view.Services.Find(task.ServiceId) is { } service
            && (task.SpecVersion == service.SpecVersion || Visible(task.Spec) == Visible(service.Spec.Task));

    private static TaskSpec Visible(TaskSpec spec) => spec with { Container = spec.Container with { RegistryAuth = default }, Placement = Placement.Anywhere };
}
