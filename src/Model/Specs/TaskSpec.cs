namespace Skep.Model;

/// <summary>The template of a service's tasks.</summary>
public sealed record TaskSpec
{
    public required ContainerSpec Container { get; init; }

    public Resources? Limits { get; init; }

    public Resources? Reservations { get; init; }

    public RestartPolicySpec? Restart { get; init; }

    public Placement Placement { get; init; } = Placement.Anywhere;

    public Driver? LogDriver { get; init; }

    public ValueList<NetworkAttachmentSpec> Networks { get; init; } = [];

    /// <summary>A counter: its change alone restarts the tasks.</summary>
    public ulong ForceUpdate { get; init; }
}

/// <param name="NanoCpus">CPUs × 10⁹; 0: none.</param>
/// <param name="MemoryBytes">0: none.</param>
public sealed record Resources(long NanoCpus, long MemoryBytes)
{
    /// <summary>Processes at a time (limits only); 0: no limit.</summary>
    public long Pids { get; init; }

    /// <summary>Named or counted resources of the user's own, such as GPUs.</summary>
    public ValueList<GenericResource> Generic { get; init; } = [];
}

/// <summary>A resource of a kind the user names: a count, or one named piece.</summary>
public sealed record GenericResource(string Kind, long Count, string? NamedValue);

public enum RestartCondition
{
    Any = 0,
    OnFailure = 1,
    None = 2,
}

/// <summary>When and how often a slot's task is replaced. Null members mean the defaults of swarmkit: any, 5 s, unlimited, lifetime.</summary>
public sealed record RestartPolicySpec
{
    public static RestartPolicySpec Default { get; } = new();

    public RestartCondition? Condition { get; init; }

    public Duration? Delay { get; init; }

    /// <summary>0 or null: unlimited.</summary>
    public ulong? MaxAttempts { get; init; }

    public Duration? Window { get; init; }

    public RestartCondition EffectiveCondition => Condition ?? RestartCondition.Any;

    public TimeSpan EffectiveDelay => Delay ?? TimeSpan.FromSeconds(5);
}

/// <summary>Where tasks may and should run.</summary>
public sealed record Placement
{
    public static Placement Anywhere { get; } = new();

    /// <summary>As written: <c>node.role == manager</c>, <c>node.labels.zone != a</c> …</summary>
    public ValueList<string> Constraints { get; init; } = [];

    /// <summary>Labels to spread over, outermost first: <c>node.labels.rack</c>.</summary>
    public ValueList<string> SpreadOver { get; init; } = [];

    /// <summary>0: no limit.</summary>
    public ulong MaxReplicasPerNode { get; init; }

    /// <summary>Any of these will do; empty: all.</summary>
    public ValueList<Platform> Platforms { get; init; } = [];
}

/// <param name="Target">Id or name of the network.</param>
public sealed record NetworkAttachmentSpec(string Target)
{
    public ValueList<string> Aliases { get; init; } = [];

    public ValueMap<string, string> DriverOptions { get; init; } = ValueMap<string, string>.Empty;
}
