using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A network as <c>GET /networks/{id}</c> shows it.</summary>
public sealed record WireNetwork
{
    public string? Name { get; init; }

    public string? Id { get; init; }

    public DateTimeOffset Created { get; init; }

    public string? Scope { get; init; }

    public string? Driver { get; init; }

    public bool EnableIPv4 { get; init; }

    public bool EnableIPv6 { get; init; }

    [JsonPropertyName("IPAM")]
    public WireIpam? Ipam { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool Ingress { get; init; }

    public WireConfigFrom? ConfigFrom { get; init; }

    public bool ConfigOnly { get; init; }

    public Dictionary<string, WireNetworkContainer>? Containers { get; init; }

    public Dictionary<string, string>? Options { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public List<WirePeer>? Peers { get; init; }

    /// <summary>With <c>verbose</c>: services by name.</summary>
    public Dictionary<string, WireNetworkService>? Services { get; init; }
}

public sealed record WireConfigFrom
{
    public string? Network { get; init; }
}

public sealed record WireNetworkContainer
{
    public string? Name { get; init; }

    [JsonPropertyName("EndpointID")]
    public string? EndpointId { get; init; }

    public string? MacAddress { get; init; }

    public string? IPv4Address { get; init; }

    public string? IPv6Address { get; init; }
}

public sealed record WirePeer(string? Name, [property: JsonPropertyName("IP")] string? Ip);

public sealed record WireNetworkService
{
    [JsonPropertyName("VIP")]
    public string? Vip { get; init; }

    public List<string>? Ports { get; init; }

    [JsonPropertyName("LocalLBIndex")]
    public int LocalLbIndex { get; init; }

    public List<WireNetworkTask>? Tasks { get; init; }
}

public sealed record WireNetworkTask
{
    public string? Name { get; init; }

    [JsonPropertyName("EndpointID")]
    public string? EndpointId { get; init; }

    [JsonPropertyName("EndpointIP")]
    public string? EndpointIp { get; init; }

    public Dictionary<string, string>? Info { get; init; }
}

public sealed record WireIpam
{
    public string? Driver { get; init; }

    public Dictionary<string, string>? Options { get; init; }

    public List<WireIpamPool>? Config { get; init; }
}

public sealed record WireIpamPool
{
    public string? Subnet { get; init; }

    [JsonPropertyName("IPRange")]
    public string? IpRange { get; init; }

    public string? Gateway { get; init; }

    /// <summary>What clients send and read.</summary>
    public Dictionary<string, string>? AuxiliaryAddresses { get; init; }

    /// <summary>The same, as some send it; never answered.</summary>
    public Dictionary<string, string>? AuxAddress { get; init; }
}

/// <summary>The body of <c>POST /networks/create</c>.</summary>
public sealed record WireNetworkCreate
{
    public string? Name { get; init; }

    public bool? CheckDuplicate { get; init; }

    public string? Driver { get; init; }

    public string? Scope { get; init; }

    public bool? EnableIPv4 { get; init; }

    public bool? EnableIPv6 { get; init; }

    [JsonPropertyName("IPAM")]
    public WireIpam? Ipam { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool Ingress { get; init; }

    public bool ConfigOnly { get; init; }

    public WireConfigFrom? ConfigFrom { get; init; }

    public Dictionary<string, string>? Options { get; init; }

    public Dictionary<string, string>? Labels { get; init; }
}

public sealed record WireNetworkCreated
{
    public string? Id { get; init; }

    public string? Warning { get; init; }
}

public sealed record WireNetworksPruned
{
    public List<string>? NetworksDeleted { get; init; }
}
