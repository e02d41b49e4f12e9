namespace Skep.Model;

/// <summary>How far a task is. Never goes backwards; compared with &lt;.</summary>
/// <remarks>Source: moby/swarmkit:api/types.proto TaskState.</remarks>
public enum TaskState
{
    New = 0,
    Pending = 64,
    Assigned = 192,
    Accepted = 256,
    Preparing = 320,
    Ready = 384,
    Starting = 448,
    Running = 512,
    Complete = 576,
    Shutdown = 640,
    Failed = 704,
    Rejected = 768,
    Remove = 800,
    Orphaned = 832,
}

/// <summary>What the numbers of <see cref="TaskState"/> mean, said once; what a whole task is asked stands on <see cref="SwarmTask"/>.</summary>
public static class TaskStates
{
    extension(TaskState state)
    {
        /// <summary>As an observed state: nothing of the task runs any more, whatever the reason, and it never will again.</summary>
        /// <remarks>Source: moby/swarmkit:design/task_model.md, the terminal states are those past Running.</remarks>
        public bool HasEnded => state > TaskState.Running;

        /// <summary>As a desired state: the task is to stop, or not to start. Short of that, one of a job is to come to its own end (<see cref="TaskState.Complete"/>).</summary>
        /// <remarks>Source: moby/swarmkit:agent/exec/controller.go, Do: a task is shut down when its desired state is Shutdown or later.</remarks>
        public bool AsksToStop => state > TaskState.Complete;

        /// <summary>As a desired state: nothing of the task is to stay, neither its container nor, once that is gone, the task itself.</summary>
        public bool AsksToRemove => state >= TaskState.Remove;
    }
}

/// <summary>What was observed of a task.</summary>
public sealed record SwarmTaskStatus(TaskState State, DateTimeOffset Timestamp)
{
    public string Message { get; init; } = "";

    /// <summary>Why the task does not run; empty when all is well.</summary>
    public string Error { get; init; } = "";

    public ContainerStatus? Container { get; init; }

    /// <summary>Host-mode ports as they were opened.</summary>
    public ValueList<PortConfig> Ports { get; init; } = [];
}

public sealed record ContainerStatus(string ContainerId, int Pid, int ExitCode);
