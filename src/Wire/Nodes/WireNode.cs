using System.Text.Json.Serialization;

namespace Skep.Wire;

public sealed record WireNode
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public WireNodeSpec? Spec { get; init; }

    public WireNodeDescription? Description { get; init; }

    public WireNodeStatus? Status { get; init; }

    public WireManagerStatus? ManagerStatus { get; init; }
}

/// <summary>The body of <c>POST /nodes/{id}/update</c>.</summary>
public sealed record WireNodeSpec
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public string? Role { get; init; }

    public string? Availability { get; init; }
}

public sealed record WireNodeDescription
{
    public string? Hostname { get; init; }

    public WirePlatform? Platform { get; init; }

    public WireResources? Resources { get; init; }

    public WireEngineDescription? Engine { get; init; }

    [JsonPropertyName("TLSInfo")]
    public WireTlsInfo? TlsInfo { get; init; }

    /// <summary>Skep's own: published ports that a program of the node has, "22/tcp".</summary>
    public List<string>? HeldPorts { get; init; }
}

public sealed record WireEngineDescription
{
    public string? EngineVersion { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public List<WireEnginePlugin>? Plugins { get; init; }
}

public sealed record WireEnginePlugin(string? Type, string? Name);

/// <summary>Which authority certificates come from. All three are base64 or PEM text.</summary>
public sealed record WireTlsInfo
{
    public string? TrustRoot { get; init; }

    /// <summary>Raw DER of the issuer's subject.</summary>
    public byte[]? CertIssuerSubject { get; init; }

    /// <summary>Raw DER of the issuer's SubjectPublicKeyInfo.</summary>
    public byte[]? CertIssuerPublicKey { get; init; }
}

public sealed record WireNodeStatus
{
    public string? State { get; init; }

    public string? Message { get; init; }

    public string? Addr { get; init; }
}

public sealed record WireManagerStatus
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Leader { get; init; }

    public string? Reachability { get; init; }

    public string? Addr { get; init; }
}
