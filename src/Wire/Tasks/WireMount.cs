using System.Text.Json.Serialization;

namespace Skep.Wire;

public sealed record WireMount
{
    public string? Type { get; init; }

    public string? Source { get; init; }

    public string? Target { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnly { get; init; }

    public string? Consistency { get; init; }

    public WireBindOptions? BindOptions { get; init; }

    public WireVolumeOptions? VolumeOptions { get; init; }

    public WireImageOptions? ImageOptions { get; init; }

    public WireTmpfsOptions? TmpfsOptions { get; init; }

    public WireEmpty? ClusterOptions { get; init; }
}

public sealed record WireBindOptions
{
    public string? Propagation { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NonRecursive { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CreateMountpoint { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnlyNonRecursive { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnlyForceRecursive { get; init; }
}

public sealed record WireVolumeOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool NoCopy { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public string? Subpath { get; init; }

    public WireDriver? DriverConfig { get; init; }
}

public sealed record WireImageOptions
{
    public string? Subpath { get; init; }
}

public sealed record WireTmpfsOptions
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SizeBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint Mode { get; init; }

    public List<List<string>>? Options { get; init; }
}
