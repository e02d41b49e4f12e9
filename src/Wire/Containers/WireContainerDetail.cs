using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A container as <c>GET /containers/{id}/json</c> shows it.</summary>
public sealed record WireContainerDetail
{
    public string? Id { get; init; }

    public DateTimeOffset Created { get; init; }

    public string? Path { get; init; }

    public List<string>? Args { get; init; }

    public WireContainerState? State { get; init; }

    /// <summary>The image's id.</summary>
    public string? Image { get; init; }

    public string? LogPath { get; init; }

    /// <summary>With a leading slash.</summary>
    public string? Name { get; init; }

    public int RestartCount { get; init; }

    public string? Driver { get; init; }

    public string? Platform { get; init; }

    public string? ResolvConfPath { get; init; }

    public string? HostnamePath { get; init; }

    public string? HostsPath { get; init; }

    public string? MountLabel { get; init; }

    public string? ProcessLabel { get; init; }

    public string? AppArmorProfile { get; init; }

    [JsonPropertyName("ExecIDs")]
    public List<string>? ExecIds { get; init; }

    public long? SizeRw { get; init; }

    public long? SizeRootFs { get; init; }

    public WireContainerHostConfig? HostConfig { get; init; }

    public List<WireMountPoint>? Mounts { get; init; }

    public WireContainerConfig? Config { get; init; }

    public WireContainerNetworks? NetworkSettings { get; init; }
}

public sealed record WireContainerState
{
    public string? Status { get; init; }

    public bool Running { get; init; }

    public bool Paused { get; init; }

    public bool Restarting { get; init; }

    [JsonPropertyName("OOMKilled")]
    public bool OomKilled { get; init; }

    public bool Dead { get; init; }

    public int Pid { get; init; }

    public int ExitCode { get; init; }

    public string? Error { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset FinishedAt { get; init; }

    public WireHealth? Health { get; init; }
}

public sealed record WireHealth
{
    public string? Status { get; init; }

    public int FailingStreak { get; init; }

    public List<WireHealthResult>? Log { get; init; }
}

public sealed record WireHealthResult
{
    public DateTimeOffset Start { get; init; }

    public DateTimeOffset End { get; init; }

    public int ExitCode { get; init; }

    public string? Output { get; init; }
}

public sealed record WireDriverConfig(string? Type, Dictionary<string, string>? Config);

public sealed record WireRestart(string? Name, int MaximumRetryCount);

public sealed record WireContainerNetworks
{
    public string? Bridge { get; init; }

    [JsonPropertyName("SandboxID")]
    public string? SandboxId { get; init; }

    /// <summary>File of the network namespace.</summary>
    public string? SandboxKey { get; init; }

    /// <summary>Null: the container listens there, but nothing of the node leads to it.</summary>
    public Dictionary<string, List<WirePortBinding>?>? Ports { get; init; }

    /// <summary>This and the following: of the default bridge alone.</summary>
    [JsonPropertyName("EndpointID")]
    public string? EndpointId { get; init; }

    public string? Gateway { get; init; }

    [JsonPropertyName("IPAddress")]
    public string? IpAddress { get; init; }

    [JsonPropertyName("IPPrefixLen")]
    public int IpPrefixLength { get; init; }

    public string? MacAddress { get; init; }

    public string? IPv6Gateway { get; init; }

    public string? GlobalIPv6Address { get; init; }

    [JsonPropertyName("GlobalIPv6PrefixLen")]
    public int GlobalIPv6PrefixLength { get; init; }

    public Dictionary<string, WireEndpointSettings>? Networks { get; init; }
}

public sealed record WirePortBinding(string? HostIp, string? HostPort);
