using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>The cluster as <c>GET /swarm</c> shows it, and without the tokens as <c>GET /info</c> does.</summary>
public sealed record WireSwarm
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public WireVersion? Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public WireSwarmSpec? Spec { get; init; }

    [JsonPropertyName("TLSInfo")]
    public WireTlsInfo? TlsInfo { get; init; }

    public bool RootRotationInProgress { get; init; }

    public List<string>? DefaultAddrPool { get; init; }

    public uint SubnetSize { get; init; }

    public uint DataPathPort { get; init; }

    public WireJoinTokens? JoinTokens { get; init; }
}

public sealed record WireJoinTokens
{
    public string? Worker { get; init; }

    public string? Manager { get; init; }

    public override string ToString() => "WireJoinTokens";
}

/// <summary>Cluster-wide settings: the body of <c>POST /swarm/update</c>. What is absent or zero keeps its value. Durations are nanoseconds.</summary>
public sealed record WireSwarmSpec
{
    public string? Name { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public WireOrchestration? Orchestration { get; init; }

    public WireRaft? Raft { get; init; }

    public WireDispatcher? Dispatcher { get; init; }

    [JsonPropertyName("CAConfig")]
    public WireCaConfig? CaConfig { get; init; }

    public WireTaskDefaults? TaskDefaults { get; init; }

    public WireEncryption? EncryptionConfig { get; init; }
}

public sealed record WireOrchestration
{
    public long? TaskHistoryRetentionLimit { get; init; }
}

public sealed record WireRaft
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong SnapshotInterval { get; init; }

    public ulong? KeepOldSnapshots { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong LogEntriesForSlowFollowers { get; init; }

    public int ElectionTick { get; init; }

    public int HeartbeatTick { get; init; }
}

public sealed record WireDispatcher
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long HeartbeatPeriod { get; init; }
}

public sealed record WireCaConfig
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long NodeCertExpiry { get; init; }

    [JsonPropertyName("ExternalCAs")]
    public List<WireExternalCa>? ExternalCas { get; init; }

    [JsonPropertyName("SigningCACert")]
    public string? SigningCaCert { get; init; }

    [JsonPropertyName("SigningCAKey")]
    public string? SigningCaKey { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong ForceRotate { get; init; }

    public override string ToString() => "WireCaConfig";
}

public sealed record WireExternalCa
{
    public string? Protocol { get; init; }

    [JsonPropertyName("URL")]
    public string? Url { get; init; }

    public Dictionary<string, string>? Options { get; init; }

    [JsonPropertyName("CACert")]
    public string? CaCert { get; init; }
}

public sealed record WireTaskDefaults
{
    public WireDriver? LogDriver { get; init; }
}

public sealed record WireEncryption
{
    public bool AutoLockManagers { get; init; }
}
