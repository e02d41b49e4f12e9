namespace Skep.Model;

/// <summary>What a user asked of a service.</summary>
/// <remarks>Source: moby/swarmkit:api/specs.proto ServiceSpec; Engine API ServiceSpec.</remarks>
public sealed record ServiceSpec(Annotations Annotations)
{
    public required TaskSpec Task { get; init; }

    public ServiceMode Mode { get; init; } = new ServiceMode.Replicated(1);

    /// <summary>Null: the defaults of <see cref="UpdateConfig"/>.</summary>
    public UpdateConfig? Update { get; init; }

    public UpdateConfig? Rollback { get; init; }

    public EndpointSpec? Endpoint { get; init; }
}

/// <summary>How many tasks a service has, and whether they are to end.</summary>
public abstract record ServiceMode
{
    private ServiceMode()
    {
    }

    public sealed record Replicated(ulong Replicas) : ServiceMode;

    public sealed record Global : ServiceMode;

    /// <param name="MaxConcurrent">Tasks at a time; 0 means <paramref name="TotalCompletions"/>.</param>
    public sealed record ReplicatedJob(ulong MaxConcurrent, ulong TotalCompletions) : ServiceMode;

    public sealed record GlobalJob : ServiceMode;
}

public enum UpdateFailureAction
{
    Pause = 0,
    Continue = 1,
    Rollback = 2,
}

public enum UpdateOrder
{
    StopFirst = 0,
    StartFirst = 1,
}

/// <summary>How a change of the task template is rolled out. Defaults: moby/swarmkit:api/defaults/service.go.</summary>
public sealed record UpdateConfig
{
    public static UpdateConfig Default { get; } = new();

    /// <summary>Slots changed at a time; 0 means all.</summary>
    public ulong Parallelism { get; init; } = 1;

    public Duration Delay { get; init; }

    public UpdateFailureAction FailureAction { get; init; }

    /// <summary>How long a new task is watched after it runs. Null: 5 s.</summary>
    public Duration? Monitor { get; init; }

    /// <summary>Fraction of failed slots that is borne, 0 to 1; more than that acts.</summary>
    public float MaxFailureRatio { get; init; }

    public UpdateOrder Order { get; init; }

    public TimeSpan EffectiveMonitor => Monitor is { } monitor && monitor > TimeSpan.Zero ? monitor : TimeSpan.FromSeconds(5);
}

public enum EndpointMode
{
    Vip = 0,
    Dnsrr = 1,
}

public enum PortProtocol
{
    Tcp = 0,
    Udp = 1,
    Sctp = 2,
}

public enum PublishMode
{
    Ingress = 0,
    Host = 1,
}

/// <summary>A port of the tasks made reachable from outside. <see cref="PublishedPort"/> 0: chosen by the cluster.</summary>
public sealed record PortConfig(PortProtocol Protocol, int TargetPort, int PublishedPort, PublishMode Mode)
{
    public string Name { get; init; } = "";
}

public sealed record EndpointSpec(EndpointMode Mode)
{
    public ValueList<PortConfig> Ports { get; init; } = [];
}
