namespace Skep.Engine.Volumes;

/// <summary>A named directory that outlives containers.</summary>
/// <param name="MountPoint">Path on the host.</param>
public sealed record LocalVolume(string Name, string MountPoint, DateTimeOffset CreatedAt)
{
    public string Driver { get; init; } = VolumeDrivers.Local;

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueMap<string, string> Options { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>Made for one container, without a name of the user's.</summary>
    public bool IsAnonymous { get; init; }
}

/// <param name="Removed">Names.</param>
public sealed record PruneReport(ValueList<string> Removed, long FreedBytes);

/// <summary>What the node's disk holds. Bytes.</summary>
public sealed record DiskUsage(long ImageLayersBytes, ValueMap<string, long> VolumeBytes, ValueMap<string, long> ContainerBytes, long FreeBytes, long TotalBytes);
