using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skep.Engine.Containerd;

namespace Skep.Worker.Tasks;

/// <summary>The runners of all tasks assigned to this node. Fed by one caller at a time.</summary>
internal sealed class TaskSupervisor(EngineContext shop, TaskContext around, TaskContainers containers, CancellationToken ct)
{
    private readonly ConcurrentDictionary<TaskId, (TaskRunner Runner, Task Running)> _runners = new();

    public IEnumerable<TaskRunner> Runners => _runners.Values.Select(r => r.Runner);

    public TaskRunner? Find(TaskId task) => _runners.TryGetValue(task, out var found) ? found.Runner : null;

    /// <summary>Whether an earlier agent of this boot left the task running or made ready.</summary>
    public bool IsAdoptable(TaskId task)
        => around.Records.Read(task) is { State: >= TaskState.Preparing and <= TaskState.Running } record && record.BootId == shop.Host.BootId;

    /// <summary>Begins or updates a task.</summary>
    public void Put(SwarmTask task)
    {
        if (_runners.TryGetValue(task.Id, out var present))
        {
            present.Runner.Update(task);
            return;
        }

        var runner = new TaskRunner(shop, around, task);
        _runners[task.Id] = (runner, Task.Run(() => RunAsync(runner, task.Id), CancellationToken.None));
    }

    /// <summary>Lets every task not in the set go.</summary>
    public void RemoveUnassigned(Func<TaskId, bool> isAssigned)
    {
        foreach ((TaskId id, (TaskRunner runner, _)) in _runners)
        {
            if (!isAssigned(id))
            {
                runner.Remove();
            }
        }
    }

    /// <summary>Removes containers that belong to no task here.</summary>
    public async Task RemoveOrphansAsync(CancellationToken stop)
    {
        var known = Runners.Select(r => r.ContainerId).ToHashSet(StringComparer.Ordinal);
        foreach (FoundContainer container in TaskContainers.List(shop).Where(c => !known.Contains(c.Id)))
        {
            WorkerLog.OrphanRemoved(around.Logger, container.Id);
            await containers.RemoveAsync(container, shop, stop);
        }
    }

    /// <summary>Waits until every runner has ended; each ends when removed or when the fleet is cancelled.</summary>
    public Task WhenEndedAsync() => Task.WhenAll(_runners.Values.Select(r => r.Running));

    private async Task RunAsync(TaskRunner runner, TaskId id)
    {
        try
        {
            await runner.RunAsync(ct);
            _runners.TryRemove(id, out _);
        }
        catch (Exception e) when (e is OperationCanceledException or Grpc.Core.RpcException && ct.IsCancellationRequested)
        {
            // The agent ends; the container goes on.
            return;
        }
        catch (Exception e)
        {
            // The supervisor of one task's loop: the others go on; this one is reported failed.
            WorkerLog.TaskRunnerFailed(around.Logger, id, e.Message, e);
            around.Report(new TaskReport(id, runner.Status with { State = TaskState.Failed, Error = $"agent error: {e.Message}", Timestamp = shop.Time.GetUtcNow() }));
            _runners.TryRemove(id, out _);
        }
    }
}
