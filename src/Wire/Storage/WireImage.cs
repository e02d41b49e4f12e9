using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>A line of <c>GET /images/json</c>.</summary>
public sealed record WireImageSummary
{
    public string? Id { get; init; }

    public string? ParentId { get; init; }

    public List<string>? RepoTags { get; init; }

    public List<string>? RepoDigests { get; init; }

    /// <summary>Unix seconds.</summary>
    public long Created { get; init; }

    public long Size { get; init; }

    public long SharedSize { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public long Containers { get; init; }
}

public sealed record WireImage
{
    public string? Id { get; init; }

    public List<string>? RepoTags { get; init; }

    public List<string>? RepoDigests { get; init; }

    public string? Parent { get; init; }

    public string? Comment { get; init; }

    public string? Created { get; init; }

    public string? DockerVersion { get; init; }

    public string? Author { get; init; }

    public WireImageConfig? Config { get; init; }

    public string? Architecture { get; init; }

    public string? Variant { get; init; }

    public string? Os { get; init; }

    public long Size { get; init; }

    public WireGraphDriver? GraphDriver { get; init; }

    [JsonPropertyName("RootFS")]
    public WireRootFs? RootFs { get; init; }

    public WireImageMetadata? Metadata { get; init; }
}

public sealed record WireImageConfig
{
    public string? User { get; init; }

    public Dictionary<string, WireEmpty>? ExposedPorts { get; init; }

    public List<string>? Env { get; init; }

    public List<string>? Cmd { get; init; }

    public WireHealthcheck? Healthcheck { get; init; }

    public Dictionary<string, WireEmpty>? Volumes { get; init; }

    public string? WorkingDir { get; init; }

    public List<string>? Entrypoint { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public string? StopSignal { get; init; }
}

public sealed record WireGraphDriver
{
    public Dictionary<string, string>? Data { get; init; }

    public string? Name { get; init; }
}

public sealed record WireRootFs
{
    public string? Type { get; init; }

    public List<string>? Layers { get; init; }
}

public sealed record WireImageMetadata
{
    public DateTimeOffset? LastTagTime { get; init; }
}

/// <summary>One step of removing an image.</summary>
public sealed record WireImageDelete
{
    public string? Untagged { get; init; }

    public string? Deleted { get; init; }
}

public sealed record WireImagesPruned
{
    public List<WireImageDelete>? ImagesDeleted { get; init; }

    public long SpaceReclaimed { get; init; }
}

public sealed record WireImageHistory
{
    public string? Id { get; init; }

    public long Created { get; init; }

    public string? CreatedBy { get; init; }

    public List<string>? Tags { get; init; }

    public long Size { get; init; }

    public string? Comment { get; init; }
}
