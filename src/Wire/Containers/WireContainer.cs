using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A line of <c>GET /containers/json</c>.</summary>
public sealed record WireContainerSummary
{
    public string? Id { get; init; }

    /// <summary>Each with a leading slash.</summary>
    public List<string>? Names { get; init; }

    public string? Image { get; init; }

    [JsonPropertyName("ImageID")]
    public string? ImageId { get; init; }

    public string? Command { get; init; }

    /// <summary>Unix seconds.</summary>
    public long Created { get; init; }

    public List<WireContainerPort>? Ports { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public string? State { get; init; }

    public string? Status { get; init; }

    public WireSummaryHostConfig? HostConfig { get; init; }

    public WireSummaryNetworks? NetworkSettings { get; init; }

    public List<WireMountPoint>? Mounts { get; init; }

    public long? SizeRw { get; init; }

    public long? SizeRootFs { get; init; }
}

public sealed record WireSummaryHostConfig(string? NetworkMode);

public sealed record WireSummaryNetworks(Dictionary<string, WireEndpointSettings>? Networks);

public sealed record WireContainerPort
{
    [JsonPropertyName("IP")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ip { get; init; }

    public int PrivatePort { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int PublicPort { get; init; }

    public string? Type { get; init; }
}

public sealed record WireMountPoint
{
    public string? Type { get; init; }

    public string? Name { get; init; }

    public string? Source { get; init; }

    public string? Destination { get; init; }

    public string? Driver { get; init; }

    public string? Mode { get; init; }

    [JsonPropertyName("RW")]
    public bool IsWritable { get; init; }

    public string? Propagation { get; init; }
}

/// <summary>A container's place in a network.</summary>
public sealed record WireEndpointSettings
{
    [JsonPropertyName("IPAMConfig")]
    public WireEndpointIpam? IpamConfig { get; init; }

    public List<string>? Links { get; init; }

    public List<string>? Aliases { get; init; }

    public Dictionary<string, string>? DriverOpts { get; init; }

    public string? MacAddress { get; init; }

    [JsonPropertyName("NetworkID")]
    public string? NetworkId { get; init; }

    [JsonPropertyName("EndpointID")]
    public string? EndpointId { get; init; }

    public string? Gateway { get; init; }

    [JsonPropertyName("IPAddress")]
    public string? IpAddress { get; init; }

    [JsonPropertyName("IPPrefixLen")]
    public int IpPrefixLength { get; init; }

    public string? IPv6Gateway { get; init; }

    public string? GlobalIPv6Address { get; init; }

    [JsonPropertyName("GlobalIPv6PrefixLen")]
    public int GlobalIPv6PrefixLength { get; init; }

    [JsonPropertyName("DNSNames")]
    public List<string>? DnsNames { get; init; }
}

public sealed record WireEndpointIpam
{
    public string? IPv4Address { get; init; }

    public string? IPv6Address { get; init; }
}
