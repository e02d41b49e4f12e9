using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A service as <c>GET /services/{id}</c> shows it.</summary>
public sealed record WireService
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public WireServiceSpec? Spec { get; init; }

    public WireServiceSpec? PreviousSpec { get; init; }

    public WireEndpoint? Endpoint { get; init; }

    public WireUpdateStatus? UpdateStatus { get; init; }

    /// <summary>Only in lists that were asked for with <c>status=true</c>.</summary>
    public WireServiceStatus? ServiceStatus { get; init; }

    public WireJobStatus? JobStatus { get; init; }

    /// <summary>Skep's own: what the cluster would do about the service and cannot, with the reason.</summary>
    public string? Trouble { get; init; }
}

public sealed record WireEndpoint
{
    public WireEndpointSpec? Spec { get; init; }

    public List<WirePort>? Ports { get; init; }

    [JsonPropertyName("VirtualIPs")]
    public List<WireVirtualIp>? VirtualIps { get; init; }
}

/// <param name="Addr">With its prefix length: <c>10.0.1.2/24</c>.</param>
public sealed record WireVirtualIp([property: JsonPropertyName("NetworkID")] string? NetworkId, string? Addr);

public sealed record WireUpdateStatus
{
    public string? State { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public string? Message { get; init; }
}

public sealed record WireServiceStatus
{
    public ulong RunningTasks { get; init; }

    public ulong DesiredTasks { get; init; }

    public ulong CompletedTasks { get; init; }
}

public sealed record WireJobStatus
{
    public WireVersion? JobIteration { get; init; }

    public DateTimeOffset? LastExecution { get; init; }
}
