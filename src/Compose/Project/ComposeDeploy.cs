namespace Skep.Compose;

/// <summary>A service's <c>deploy</c> section.</summary>
public sealed record ComposeDeploy
{
    /// <summary>Empty, <c>replicated</c>, <c>global</c>, <c>replicated-job</c> or <c>global-job</c>; checked on conversion.</summary>
    public string Mode { get; init; } = "";
    public ulong? Replicas { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.None<string>();
    public ComposeUpdateConfig? UpdateConfig { get; init; }
    public ComposeUpdateConfig? RollbackConfig { get; init; }
    public ComposeLimits? Limits { get; init; }
    public ComposeReservations? Reservations { get; init; }
    public ComposeRestartPolicy? RestartPolicy { get; init; }
    public ComposePlacement Placement { get; init; } = new();

    /// <summary>Empty, <c>vip</c> or <c>dnsrr</c>.</summary>
    public string EndpointMode { get; init; } = "";
}

/// <summary>How tasks are replaced, for an update or its rollback.</summary>
public sealed record ComposeUpdateConfig
{
    public ulong? Parallelism { get; init; }
    public ComposeDuration Delay { get; init; }
    public string FailureAction { get; init; } = "";
    public ComposeDuration Monitor { get; init; }
    public float MaxFailureRatio { get; init; }
    public string Order { get; init; } = "";
}

/// <summary>What a task may use at most. <see cref="Cpus"/> is the text of the file; 0 means no limit.</summary>
public sealed record ComposeLimits
{
    public string Cpus { get; init; } = "";
    public long MemoryBytes { get; init; }
    public long Pids { get; init; }
}

/// <summary>What a task needs to be placed.</summary>
public sealed record ComposeReservations
{
    public string Cpus { get; init; } = "";
    public long MemoryBytes { get; init; }
    public IReadOnlyList<ComposeGenericResource> GenericResources { get; init; } = [];
}

/// <summary>A counted resource of one's own, such as <c>gpu</c>; <see cref="Discrete"/> is null for an empty entry.</summary>
public sealed record ComposeGenericResource(ComposeDiscreteResource? Discrete);

/// <summary>Kind and number of a counted resource.</summary>
public sealed record ComposeDiscreteResource(string Kind, long Value);

/// <summary>When tasks are started again.</summary>
public sealed record ComposeRestartPolicy
{
    public string Condition { get; init; } = "";
    public ComposeDuration? Delay { get; init; }
    public ulong? MaxAttempts { get; init; }
    public ComposeDuration? Window { get; init; }
}

/// <summary>Where tasks may and should run.</summary>
public sealed record ComposePlacement
{
    public IReadOnlyList<string> Constraints { get; init; } = [];

    /// <summary>Labels to spread over, in order.</summary>
    public IReadOnlyList<string> Spread { get; init; } = [];

    /// <summary>0 means no limit.</summary>
    public ulong MaxReplicasPerNode { get; init; }
}
