using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A task as <c>GET /tasks</c> shows it.</summary>
public sealed record WireTask
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public WireTaskSpec? Spec { get; init; }

    [JsonPropertyName("ServiceID")]
    public string? ServiceId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Slot { get; init; }

    [JsonPropertyName("NodeID")]
    public string? NodeId { get; init; }

    public WireTaskStatus? Status { get; init; }

    public string? DesiredState { get; init; }

    public List<WireNetworkAttachment>? NetworksAttachments { get; init; }

    public WireVersion? JobIteration { get; init; }
}

public sealed record WireTaskStatus
{
    public DateTimeOffset Timestamp { get; init; }

    public string? State { get; init; }

    public string? Message { get; init; }

    public string? Err { get; init; }

    public WireContainerStatus? ContainerStatus { get; init; }

    public WirePortStatus? PortStatus { get; init; }
}

public sealed record WireContainerStatus
{
    [JsonPropertyName("ContainerID")]
    public string? ContainerId { get; init; }

    [JsonPropertyName("PID")]
    public int Pid { get; init; }

    public int ExitCode { get; init; }
}

public sealed record WirePortStatus
{
    public List<WirePort>? Ports { get; init; }
}

/// <summary>A task's place in a network.</summary>
public sealed record WireNetworkAttachment
{
    public WireAttachedNetwork? Network { get; init; }

    /// <summary>With prefix length.</summary>
    public List<string>? Addresses { get; init; }
}

/// <summary>A cluster network as tasks show it, which differs from what <c>GET /networks</c> shows.</summary>
public sealed record WireAttachedNetwork
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public WireAttachedNetworkSpec? Spec { get; init; }

    public WireDriver? DriverState { get; init; }

    [JsonPropertyName("IPAMOptions")]
    public WireAttachedIpam? IpamOptions { get; init; }
}

public sealed record WireAttachedNetworkSpec
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public WireDriver? DriverConfiguration { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Internal { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Attachable { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Ingress { get; init; }

    public string? Scope { get; init; }
}

public sealed record WireAttachedIpam
{
    public WireDriver? Driver { get; init; }

    public List<WireIpamPool>? Configs { get; init; }
}
