using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Engine.Containers;
using Skep.Engine.Networks;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Worker.Tasks;

/// <summary>Brings one task to its desired state: asks <see cref="TaskMachine"/>, lets <see cref="TaskController"/> do, tells the result.</summary>
internal sealed class TaskRunner
{
    private readonly EngineContext _shop;
    private readonly TaskContext _around;
    private readonly TaskController _controller;
    private readonly Lock _gate = new();
    private TaskCompletionSource _updated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SwarmTask _task;
    private bool _isRemoved;
    private TaskState _highestReported;

    public TaskRunner(EngineContext shop, TaskContext around, SwarmTask task)
    {
        _shop = shop;
        _around = around;
        _task = task;
        _highestReported = task.Status.State;
        _controller = new TaskController(shop, around, task);
        Status = task.Status;
    }

    /// <summary>The task as last assigned.</summary>
    public SwarmTask Task
    {
        get
        {
            lock (_gate)
            {
                return _task;
            }
        }
    }

    public string ContainerId => _controller.ContainerId;

    public SwarmTaskStatus Status { get; private set; }

    public DateTimeOffset? StartedAt { get; private set; }

    public string ImageId { get; private set; } = "";

    public LocalHealth? Health => _controller.Health?.Present;

    public JoinedNetwork? Network => _controller.Network;

    /// <summary>True until the task has ended and let its network go.</summary>
    public bool HoldsNetwork { get; private set; } = true;

    /// <summary>Takes a new desired state; other parts of an assigned task do not change.</summary>
    public void Update(SwarmTask task) => Change(() => _task = task);

    /// <summary>The assignment is gone: everything of the task goes, then <see cref="RunAsync"/> ends.</summary>
    public void Remove() => Change(() => _isRemoved = true);

    /// <summary>Runs until the task is removed (true) or the agent ends (cancelled; the container goes on).</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        TaskCondition condition = await AdoptAsync(ct);
        TaskOutcome? outcome = null;
        while (true)
        {
            (SwarmTask task, bool isRemoved, Task updated) = Desired();
            TaskStep step = TaskMachine.Decide(condition, task.DesiredState, isRemoved, outcome, _shop.Time.GetUtcNow());
            if (step.Condition.Status != condition.Status)
            {
                ReportStatus(step.Condition.Status);
            }

            condition = step.Condition;
            outcome = null;
            switch (step.Next)
            {
                case TaskAction.Continue:
                    break;
                case TaskAction.Wait:
                    if (condition.Status.State.HasEnded && HoldsNetwork)
                    {
                        await CleanUpAsync(ct);
                    }

                    await updated.WaitAsync(ct);
                    break;
                case TaskAction.Remove:
                    await RetryAsync(_controller.RemoveAsync, ct);
                    HoldsNetwork = false;
                    _around.Records.Remove(task.Id);
                    return;
                case TaskAction.Stop:
                    outcome = await RetryAsync(_controller.StopAsync, ct);
                    break;
                case TaskAction.Prepare:
                    outcome = await InterruptiblyAsync(PrepareAsync, ct);
                    break;
                case TaskAction.Start:
                    outcome = await InterruptiblyAsync(StartAsync, ct);
                    break;
                case TaskAction.AwaitHealth:
                    outcome = await InterruptiblyAsync(stop => _controller.WatchAsync(untilHealthy: true, StartedAt, stop), ct);
                    break;
                case TaskAction.AwaitExit:
                    outcome = await InterruptiblyAsync(stop => _controller.WatchAsync(untilHealthy: false, StartedAt, stop), ct);
                    break;
            }
        }
    }

    /// <summary>What an earlier agent left of this task, as a place to go on from.</summary>
    private async Task<TaskCondition> AdoptAsync(CancellationToken ct)
    {
        SwarmTask task = Task;
        TaskRecord? record = _around.Records.Read(task.Id);
        if (record is null)
        {
            Status = task.HasEnded ? task.Status : new SwarmTaskStatus(TaskState.Assigned, _shop.Time.GetUtcNow());
            return new TaskCondition(Status);
        }

        StartedAt = record.StartedAt;
        ImageId = record.ImageId;
        Status = record.ToStatus();
        if (record.State.HasEnded)
        {
            // Told before perhaps, but not surely heard.
            _around.Report(new TaskReport(task.Id, Status));
            return new TaskCondition(Status);
        }

        if (record.State > _highestReported)
        {
            _highestReported = record.State;
        }

        bool sameBoot = record.BootId == _shop.Host.BootId;
        bool hasContainer = sameBoot && await _shop.Runtime.FindSpecAsync(ContainerId, ct) is not null;
        if (hasContainer && record.State >= TaskState.Ready)
        {
            WorkerLog.TaskAdopted(_around.Logger, task.Id, record.State);
            _around.Report(new TaskReport(task.Id, Status));
            return new TaskCondition(Status);
        }

        if (sameBoot && record.State >= TaskState.Starting)
        {
            Status = Status with { State = TaskState.Failed, Error = "the container was removed behind the agent's back", Timestamp = _shop.Time.GetUtcNow() };
            ReportStatus(Status);
            return new TaskCondition(Status);
        }

        // Never got far, or the machine was rebooted: begin again. What was told already is not told again.
        await _controller.DiscardAsync(ct);
        StartedAt = null;
        Status = new SwarmTaskStatus(TaskState.Assigned, _shop.Time.GetUtcNow());
        return new TaskCondition(Status);
    }

    private async Task<TaskOutcome> PrepareAsync(CancellationToken ct)
    {
        await _controller.PrepareAsync(ct);
        ImageId = _controller.ImageId;
        return new TaskOutcome.Prepared(ContainerId);
    }

    private async Task<TaskOutcome> StartAsync(CancellationToken ct)
    {
        TaskOutcome outcome = await _controller.StartAsync(ct);
        StartedAt ??= _shop.Time.GetUtcNow();
        return outcome;
    }

    /// <summary>Does an action unless the task is to end meanwhile. Failures become outcomes.</summary>
    private async Task<TaskOutcome?> InterruptiblyAsync(Func<CancellationToken, Task<TaskOutcome>> action, CancellationToken ct)
    {
        using var scope = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task<TaskOutcome> work = action(scope.Token);
        while (!work.IsCompleted)
        {
            (SwarmTask task, bool isRemoved, Task updated) = Desired();
            if (isRemoved || !task.IsWanted)
            {
                await scope.CancelAsync();
                await work.SuppressThrowingAsync();
                break;
            }

            await System.Threading.Tasks.Task.WhenAny(work, updated);
        }

        ct.ThrowIfCancellationRequested();
        try
        {
            return await work;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Cancelled && scope.IsCancellationRequested)
        {
            return null;
        }
        catch (ClusterException e)
        {
            return new TaskOutcome.Failed(e.Message);
        }
        catch (RpcException e)
        {
            return new TaskOutcome.Failed(e.Status.Detail);
        }
        catch (IOException e)
        {
            return new TaskOutcome.Failed(e.Message);
        }
    }

    /// <summary>Ends and removals are tried until they succeed: giving up would leave something running.</summary>
    private async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> action, CancellationToken ct)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            try
            {
                return await action(ct);
            }
            catch (Exception e) when (e is RpcException or IOException or ClusterException && !ct.IsCancellationRequested)
            {
                WorkerLog.TaskActionFailed(_around.Logger, Task.Id, e.Message, pause);
                await System.Threading.Tasks.Task.Delay(pause, _shop.Time, ct);
                pause = Backoff.Next(pause, TimeSpan.FromSeconds(10));
            }
        }
    }

    private Task RetryAsync(Func<CancellationToken, Task> action, CancellationToken ct) => RetryAsync<bool>(
        async token =>
        {
            await action(token);
            return true;
        },
        ct);

    private async Task CleanUpAsync(CancellationToken ct)
    {
        await RetryAsync(_controller.CleanUpAsync, ct);
        HoldsNetwork = false;
    }

    private void ReportStatus(SwarmTaskStatus status)
    {
        if (_controller.Network is { Ports.IsEmpty: false } network && status.State == TaskState.Running)
        {
            status = status with { Ports = network.Ports };
        }

        Status = status;
        _around.Records.Write(_task.Id, status, StartedAt, ImageId);
        WorkerLog.TaskMoved(_around.Logger, _task.Id, status.State, status.Error);
        if (status.State < _highestReported)
        {
            return;
        }

        _highestReported = status.State;
        WorkerMetrics.TaskTransitioned(status.State);
        _around.Report(new TaskReport(_task.Id, status));
    }

    private (SwarmTask Task, bool IsRemoved, Task Updated) Desired()
    {
        lock (_gate)
        {
            return (_task, _isRemoved, _updated.Task);
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource updated;
        lock (_gate)
        {
            change();
            updated = _updated;
            _updated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        updated.TrySetResult();
    }
}
