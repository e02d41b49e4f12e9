namespace Skep.Worker.Tasks;

/// <summary>What came of the last action on a task.</summary>
internal abstract record TaskOutcome
{
    private TaskOutcome()
    {
    }

    public sealed record Prepared(string ContainerId) : TaskOutcome;

    /// <param name="IsHealthChecked">True: not running yet, but starting, until a probe says so.</param>
    public sealed record Started(int Pid, bool IsHealthChecked) : TaskOutcome;

    public sealed record Healthy : TaskOutcome;

    /// <summary>Probes failed too often; the task must be stopped and has failed.</summary>
    public sealed record Unhealthy : TaskOutcome;

    /// <param name="OutOfMemory">What the kernel killed for, in words; empty if it did not.</param>
    public sealed record Exited(int Code, string OutOfMemory) : TaskOutcome;

    /// <summary>Nothing of it runs any more, by our doing.</summary>
    /// <param name="Code">Null when it never ran.</param>
    public sealed record Stopped(int? Code) : TaskOutcome;

    public sealed record Failed(string Error) : TaskOutcome;
}

/// <summary>What is to be done next for a task.</summary>
internal enum TaskAction
{
    /// <summary>Ask again at once: the status moved on.</summary>
    Continue,

    /// <summary>Wait for another desired state.</summary>
    Wait,
    Prepare,
    Start,

    /// <summary>Watch until it is healthy, unhealthy or ended.</summary>
    AwaitHealth,

    /// <summary>Watch until it is unhealthy or ended.</summary>
    AwaitExit,
    Stop,
    Remove,
}

/// <summary>A task on this node: what is told of it, and what is remembered for its end.</summary>
/// <param name="FailureCause">Why it is being stopped though it should run; empty otherwise.</param>
internal sealed record TaskCondition(SwarmTaskStatus Status, string FailureCause = "");

internal sealed record TaskStep(TaskCondition Condition, TaskAction Next);

/// <summary>Accepted → Preparing → Ready → Starting → Running → an end. Never backwards.</summary>
/// <remarks>Source: moby/swarmkit:agent/exec/controller.go Do, for states, messages and what counts as rejected or failed.</remarks>
internal static class TaskMachine
{
    /// <param name="isRemoved">The assignment is gone: nothing of the task is to stay.</param>
    /// <param name="outcome">Of the last action, or null when it was broken off or there was none.</param>
    public static TaskStep Decide(TaskCondition condition, TaskState desired, bool isRemoved, TaskOutcome? outcome, DateTimeOffset now)
    {
        TaskState state = condition.Status.State;
        if (state.HasEnded)
        {
            return new TaskStep(condition, isRemoved || desired.AsksToRemove ? TaskAction.Remove : TaskAction.Wait);
        }

        switch (outcome)
        {
            case TaskOutcome.Failed failed:
                return End(condition, state < TaskState.Starting ? TaskState.Rejected : TaskState.Failed, condition.Status.Message, failed.Error, code: null, now);
            case TaskOutcome.Exited exited when condition.FailureCause.Length == 0:
                return exited.Code == 0
                    ? End(condition, TaskState.Complete, "finished", "", 0, now)
                    : End(condition, TaskState.Failed, "started", ExitError(exited.Code, exited.OutOfMemory), exited.Code, now);
            case TaskOutcome.Exited exited:
                return End(condition, TaskState.Failed, "started", ExitError(exited.Code, condition.FailureCause), exited.Code, now);
            case TaskOutcome.Stopped stopped:
                return condition.FailureCause.Length > 0
                    ? End(condition, TaskState.Failed, "started", ExitError(stopped.Code ?? 0, condition.FailureCause), stopped.Code, now)
                    : End(condition, TaskState.Shutdown, "shutdown", "", stopped.Code, now);
            case TaskOutcome.Unhealthy:
                return new TaskStep(condition with { FailureCause = "unhealthy container" }, TaskAction.Stop);
        }

        if (isRemoved || desired.AsksToStop)
        {
            return new TaskStep(condition, TaskAction.Stop);
        }

        return (state, outcome) switch
        {
            ( < TaskState.Accepted, _) => Move(condition, TaskState.Accepted, "accepted", now, TaskAction.Continue),
            (TaskState.Accepted, _) => Move(condition, TaskState.Preparing, "preparing", now, TaskAction.Prepare),
            (TaskState.Preparing, TaskOutcome.Prepared prepared) => Move(
                condition with { Status = condition.Status with { Container = new ContainerStatus(prepared.ContainerId, 0, 0) } }, TaskState.Ready, "prepared", now, TaskAction.Continue),
            (TaskState.Preparing, _) => new TaskStep(condition, TaskAction.Prepare),
            (TaskState.Ready, _) => desired >= TaskState.Running
                ? Move(condition, TaskState.Starting, "starting", now, TaskAction.Start)
                : new TaskStep(condition, TaskAction.Wait),
            (TaskState.Starting, TaskOutcome.Started { IsHealthChecked: false } started) => Move(WithPid(condition, started.Pid), TaskState.Running, "started", now, TaskAction.AwaitExit),
            (TaskState.Starting, TaskOutcome.Started started) => new TaskStep(WithPid(condition, started.Pid), TaskAction.AwaitHealth),
            (TaskState.Starting, TaskOutcome.Healthy) => Move(condition, TaskState.Running, "started", now, TaskAction.AwaitExit),
            (TaskState.Starting, _) => new TaskStep(condition, TaskAction.Start),
            _ => new TaskStep(condition, TaskAction.AwaitExit),
        };
    }

    /// <summary>As Docker words it: <c>task: non-zero exit (137): …</c>.</summary>
    private static string ExitError(int code, string cause) => cause.Length > 0 ? $"task: non-zero exit ({code}): {cause}" : $"task: non-zero exit ({code})";

    private static TaskCondition WithPid(TaskCondition condition, int pid)
        => condition with { Status = condition.Status with { Container = (condition.Status.Container ?? new ContainerStatus("", 0, 0)) with { Pid = pid } } };

    private static TaskStep Move(TaskCondition condition, TaskState state, string message, DateTimeOffset now, TaskAction next)
        => new(condition with { Status = condition.Status with { State = state, Message = message, Timestamp = now } }, next);

    private static TaskStep End(TaskCondition condition, TaskState state, string message, string error, int? code, DateTimeOffset now)
    {
        ContainerStatus? container = condition.Status.Container;
        if (container is not null)
        {
            container = container with { Pid = 0, ExitCode = code ?? 0 };
        }

        SwarmTaskStatus status = condition.Status with { State = state, Message = message, Error = error, Timestamp = now, Container = container };
        return new TaskStep(condition with { Status = status, FailureCause = "" }, TaskAction.Continue);
    }
}
