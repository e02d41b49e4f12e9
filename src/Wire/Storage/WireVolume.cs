using System.Text.Json.Serialization;

namespace Skep.Wire;

public sealed record WireVolume
{
    public DateTimeOffset? CreatedAt { get; init; }

    public string? Driver { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? Labels { get; init; }

    public string? Mountpoint { get; init; }

    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public Dictionary<string, string>? Options { get; init; }

    public string? Scope { get; init; }

    public WireVolumeUsage? UsageData { get; init; }
}

/// <summary>-1 where unknown.</summary>
public sealed record WireVolumeUsage(long Size, long RefCount);

public sealed record WireVolumeList
{
    public List<WireVolume>? Volumes { get; init; }

    public List<string>? Warnings { get; init; }
}

/// <summary>The body of <c>POST /volumes/create</c>.</summary>
public sealed record WireVolumeCreate
{
    public string? Name { get; init; }

    public string? Driver { get; init; }

    public Dictionary<string, string>? DriverOpts { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>Read only to be refused.</summary>
    public WireEmpty? ClusterVolumeSpec { get; init; }
}

public sealed record WireVolumesPruned
{
    public List<string>? VolumesDeleted { get; init; }

    public long SpaceReclaimed { get; init; }
}
