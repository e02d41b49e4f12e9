using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>The template of a service's tasks.</summary>
public sealed record WireTaskSpec
{
    public WireContainerSpec? ContainerSpec { get; init; }

    /// <summary>Read only to be refused.</summary>
    public WireEmpty? PluginSpec { get; init; }

    /// <summary>Read only to be refused.</summary>
    public WireEmpty? NetworkAttachmentSpec { get; init; }

    public WireTaskResources? Resources { get; init; }

    public WireRestartPolicy? RestartPolicy { get; init; }

    public WirePlacement? Placement { get; init; }

    public List<WireNetworkAttachmentConfig>? Networks { get; init; }

    public WireDriver? LogDriver { get; init; }

    public ulong ForceUpdate { get; init; }

    public string? Runtime { get; init; }
}

public sealed record WireTaskResources
{
    public WireResources? Limits { get; init; }

    public WireResources? Reservations { get; init; }
}

/// <summary>Limits, reservations, or what a node has.</summary>
public sealed record WireResources
{
    [JsonPropertyName("NanoCPUs")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long NanoCpus { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long MemoryBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Pids { get; init; }

    public List<WireGenericResource>? GenericResources { get; init; }
}

public sealed record WireGenericResource
{
    public WireNamedResource? NamedResourceSpec { get; init; }

    public WireDiscreteResource? DiscreteResourceSpec { get; init; }
}

public sealed record WireNamedResource(string? Kind, string? Value);

public sealed record WireDiscreteResource(string? Kind, long Value);

/// <summary>Durations are nanoseconds.</summary>
public sealed record WireRestartPolicy
{
    public string? Condition { get; init; }

    public long? Delay { get; init; }

    public ulong? MaxAttempts { get; init; }

    public long? Window { get; init; }
}

public sealed record WirePlacement
{
    public List<string>? Constraints { get; init; }

    public List<WirePlacementPreference>? Preferences { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong MaxReplicas { get; init; }

    public List<WirePlatform>? Platforms { get; init; }
}

public sealed record WirePlacementPreference
{
    public WireSpread? Spread { get; init; }
}

public sealed record WireSpread
{
    public string? SpreadDescriptor { get; init; }
}

public sealed record WireNetworkAttachmentConfig
{
    public string? Target { get; init; }

    public List<string>? Aliases { get; init; }

    public Dictionary<string, string>? DriverOpts { get; init; }
}
