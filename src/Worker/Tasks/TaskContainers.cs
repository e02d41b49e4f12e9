using Skep.Engine.Containerd;
using Skep.Engine.Containers;

namespace Skep.Worker.Tasks;

/// <summary>The containers of this node that tasks own: which they are, and what their tasks know of them.</summary>
internal sealed class TaskContainers(TaskRecords records) : IContainerOwner
{
    public const string TaskIdLabel = "com.docker.swarm.task.id";
    public const string TaskNameLabel = "com.docker.swarm.task.name";

    private volatile TaskSupervisor? _supervisor;

    /// <summary>The runners of the present membership; null outside a cluster.</summary>
    public TaskSupervisor? Supervisor
    {
        get => _supervisor;
        set => _supervisor = value;
    }

    public string? NameOf(FoundContainer container) => container.Labels.GetValueOrDefault(TaskNameLabel);

    public OwnedContainer? Find(FoundContainer container)
    {
        if (TaskOf(container) is not { } task)
        {
            return null;
        }

        TaskRunner? runner = Supervisor?.Find(task);
        TaskRecord? record = runner?.StartedAt is null ? records.Read(task) : null;
        SwarmTaskStatus? status = runner?.Status ?? record?.ToStatus();
        DateTimeOffset? startedAt = runner?.StartedAt ?? record?.StartedAt;
        return new OwnedContainer
        {
            Image = runner?.Task.Spec.Container.Image,
            Spec = runner?.Task.Spec,
            StartedAt = startedAt,
            HasEnded = startedAt is not null && status?.State.HasEnded == true,
            ChangedAt = status?.Timestamp,
            ExitCode = status?.Container?.ExitCode,
            Error = status?.Error ?? "",
            Health = runner?.Health,
            Network = runner?.Network,
        };
    }

    /// <summary>Every container here that is not a user's own: those of tasks, and what was left half made.</summary>
    public static IEnumerable<FoundContainer> List(EngineContext engine) => engine.Runtime.Containers.All.Where(c => !ContainerFactory.IsStandalone(c));

    /// <summary>Removes a container with its log, files and record.</summary>
    /// <returns>The task it was of; null: none.</returns>
    public async Task<TaskId?> RemoveAsync(FoundContainer container, EngineContext engine, CancellationToken ct)
    {
        await engine.Runtime.DeleteProcessAsync(container.Id, ct);
        await engine.Logs.RemoveAsync(container.Id);
        TaskId? task = TaskOf(container);
        if (task is { } known)
        {
            engine.Mounts.Release(known);
            engine.Files.Remove(known);
            records.Remove(known);
        }

        // Last: what fails before is found, and tried again, by the container.
        await engine.Runtime.DeleteRecordAsync(container.Id, ct);
        return task;
    }

    private static TaskId? TaskOf(FoundContainer container) => container.Labels.TryGetValue(TaskIdLabel, out string? id) ? new TaskId(id) : null;
}
