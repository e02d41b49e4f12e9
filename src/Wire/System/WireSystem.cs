using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>What <c>GET /version</c> says.</summary>
public sealed record WireEngineVersion
{
    public WireNamedPlatform? Platform { get; init; }

    public List<WireComponent>? Components { get; init; }

    public string? Version { get; init; }

    public string? ApiVersion { get; init; }

    [JsonPropertyName("MinAPIVersion")]
    public string? MinApiVersion { get; init; }

    public string? GitCommit { get; init; }

    public string? GoVersion { get; init; }

    public string? Os { get; init; }

    public string? Arch { get; init; }

    public string? KernelVersion { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Experimental { get; init; }

    public string? BuildTime { get; init; }
}

public sealed record WireNamedPlatform(string? Name);

public sealed record WireComponent
{
    public string? Name { get; init; }

    public string? Version { get; init; }

    public Dictionary<string, string>? Details { get; init; }
}

/// <summary>One line of <c>GET /events</c>.</summary>
public sealed record WireEvent
{
    /// <summary>The action once more, for readers of before 1.22; containers and images only, as the next two.</summary>
    [JsonPropertyName("status")]
    public string? OldStatus { get; init; }

    [JsonPropertyName("id")]
    public string? OldId { get; init; }

    [JsonPropertyName("from")]
    public string? OldFrom { get; init; }

    public string? Type { get; init; }

    public string? Action { get; init; }

    public WireActor? Actor { get; init; }

    /// <summary>local or swarm.</summary>
    [JsonPropertyName("scope")]
    public string? Scope { get; init; }

    [JsonPropertyName("time")]
    public long Time { get; init; }

    [JsonPropertyName("timeNano")]
    public long TimeNano { get; init; }
}

public sealed record WireActor
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public Dictionary<string, string>? Attributes { get; init; }
}

/// <summary>The body of <c>POST /auth</c>.</summary>
public sealed record WireAuth
{
    [JsonPropertyName("username")]
    public string? Username { get; init; }

    [JsonPropertyName("password")]
    public string? Password { get; init; }

    [JsonPropertyName("serveraddress")]
    public string? ServerAddress { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }

    public override string ToString() => "WireAuth";
}

public sealed record WireAuthResult(string? Status, string? IdentityToken);

/// <summary>What <c>GET /distribution/{name}/json</c> says of an image in its registry.</summary>
public sealed record WireDistribution
{
    public WireDescriptor? Descriptor { get; init; }

    public List<WireOciPlatform>? Platforms { get; init; }
}

public sealed record WireDescriptor
{
    [JsonPropertyName("mediaType")]
    public string? MediaType { get; init; }

    [JsonPropertyName("digest")]
    public string? Digest { get; init; }

    [JsonPropertyName("size")]
    public long Size { get; init; }
}

public sealed record WireOciPlatform
{
    [JsonPropertyName("architecture")]
    public string? Architecture { get; init; }

    [JsonPropertyName("os")]
    public string? Os { get; init; }

    [JsonPropertyName("variant")]
    public string? Variant { get; init; }
}

/// <summary>One object of a progress stream (pull, load, push).</summary>
public sealed record WireProgress
{
    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("progressDetail")]
    public WireProgressDetail? ProgressDetail { get; init; }

    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("stream")]
    public string? Stream { get; init; }

    [JsonPropertyName("errorDetail")]
    public WireErrorDetail? ErrorDetail { get; init; }

    [JsonPropertyName("error")]
    public string? Error { get; init; }
}

public sealed record WireProgressDetail
{
    [JsonPropertyName("current")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Current { get; init; }

    [JsonPropertyName("total")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Total { get; init; }
}

public sealed record WireErrorDetail
{
    [JsonPropertyName("code")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Code { get; init; }

    [JsonPropertyName("message")]
    public string? Message { get; init; }
}

/// <summary>What pruning the build cache did: nothing, since nothing is built here.</summary>
public sealed record WireBuildPruned
{
    public List<string> CachesDeleted { get; init; } = [];

    public long SpaceReclaimed { get; init; }
}

/// <summary>What <c>GET /system/df</c> says.</summary>
public sealed record WireDiskUsage
{
    public long LayersSize { get; init; }

    public List<WireImageSummary>? Images { get; init; }

    public List<WireContainerSummary>? Containers { get; init; }

    public List<WireVolume>? Volumes { get; init; }

    public List<WireEmpty>? BuildCache { get; init; }
}
