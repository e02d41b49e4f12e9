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
