using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>What a client asks of a service: the body of create and update.</summary>
public sealed record WireServiceSpec
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public WireTaskSpec? TaskTemplate { get; init; }

    public WireServiceMode? Mode { get; init; }

    public WireUpdateConfig? UpdateConfig { get; init; }

    public WireUpdateConfig? RollbackConfig { get; init; }

    /// <summary>The place of networks before API 1.25; read when the task template names none.</summary>
    public List<WireNetworkAttachmentConfig>? Networks { get; init; }

    public WireEndpointSpec? EndpointSpec { get; init; }
}

/// <summary>Exactly one is set; none means one replica.</summary>
public sealed record WireServiceMode
{
    public WireReplicated? Replicated { get; init; }

    public WireEmpty? Global { get; init; }

    public WireReplicatedJob? ReplicatedJob { get; init; }

    public WireEmpty? GlobalJob { get; init; }
}

public sealed record WireReplicated
{
    public ulong? Replicas { get; init; }
}

public sealed record WireReplicatedJob
{
    public ulong? MaxConcurrent { get; init; }

    public ulong? TotalCompletions { get; init; }
}

/// <summary>Durations are nanoseconds.</summary>
public sealed record WireUpdateConfig
{
    public ulong Parallelism { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Delay { get; init; }

    public string? FailureAction { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Monitor { get; init; }

    public float MaxFailureRatio { get; init; }

    public string? Order { get; init; }
}

public sealed record WireEndpointSpec
{
    public string? Mode { get; init; }

    public List<WirePort>? Ports { get; init; }
}

public sealed record WirePort
{
    public string? Name { get; init; }

    public string? Protocol { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long TargetPort { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long PublishedPort { get; init; }

    public string? PublishMode { get; init; }
}
