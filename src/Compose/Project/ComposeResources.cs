namespace Skep.Compose;

/// <summary>An entry under <c>networks</c>.</summary>
public sealed record ComposeNetwork
{
    /// <summary>Name in the cluster; empty means <c>stack_key</c>.</summary>
    public string Name { get; init; } = "";
    public string Driver { get; init; } = "";
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = Maps.None<string>();
    public string IpamDriver { get; init; } = "";

    /// <summary>Subnets asked for, in order; an entry is empty where the pool names none.</summary>
    public IReadOnlyList<string> IpamSubnets { get; init; } = [];

    /// <summary>Not made by the stack: must be there already.</summary>
    public bool External { get; init; }
    public bool Internal { get; init; }
    public bool Attachable { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.None<string>();
    public IReadOnlyDictionary<string, ComposeValue> Extensions { get; init; } = Maps.None<ComposeValue>();
}

/// <summary>An entry under <c>volumes</c>.</summary>
public sealed record ComposeVolume
{
    public string Name { get; init; } = "";
    public string Driver { get; init; } = "";

    /// <summary>Null where the file has no <c>driver_opts</c>: an empty map still asks for a driver.</summary>
    public IReadOnlyDictionary<string, string>? DriverOpts { get; init; }
    public bool External { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.None<string>();
    public IReadOnlyDictionary<string, ComposeValue> Extensions { get; init; } = Maps.None<ComposeValue>();

    /// <summary><c>x-cluster-spec</c>: what a cluster (CSI) volume is asked for.</summary>
    public ComposeClusterVolume? Cluster { get; init; }
}

/// <summary>An entry under <c>configs</c> or <c>secrets</c>.</summary>
public sealed record ComposeFileObject
{
    public string Name { get; init; } = "";

    /// <summary>Absolute path of the content.</summary>
    public string File { get; init; } = "";
    public bool External { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.None<string>();
    public string Driver { get; init; } = "";
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = Maps.None<string>();
    public string TemplateDriver { get; init; } = "";
    public IReadOnlyDictionary<string, ComposeValue> Extensions { get; init; } = Maps.None<ComposeValue>();
}

/// <summary>A cluster volume: group, access, topology and size.</summary>
public sealed record ComposeClusterVolume
{
    public string Group { get; init; } = "";
    public ComposeVolumeAccess? AccessMode { get; init; }
    public ComposeTopology? AccessibilityRequirements { get; init; }
    public ComposeCapacity? CapacityRange { get; init; }
    public IReadOnlyList<ComposeVolumeSecret> Secrets { get; init; } = [];
    public string Availability { get; init; } = "";
}

/// <summary>How tasks reach a cluster volume; <see cref="Block"/> stands for an empty <c>block_volume</c>.</summary>
public sealed record ComposeVolumeAccess(string Scope, string Sharing, ComposeMountVolume? Mount, bool Block);

/// <summary>A cluster volume mounted as a file system.</summary>
public sealed record ComposeMountVolume(string FsType, IReadOnlyList<string> MountFlags);

/// <summary>Segments a cluster volume must and should be reachable from.</summary>
public sealed record ComposeTopology(
    IReadOnlyList<IReadOnlyDictionary<string, string>> Requisite,
    IReadOnlyList<IReadOnlyDictionary<string, string>> Preferred);

/// <summary>Smallest and largest size of a cluster volume; 0 means not given.</summary>
public sealed record ComposeCapacity(long RequiredBytes, long LimitBytes);

/// <summary>A secret handed to the volume's plugin under a key.</summary>
public sealed record ComposeVolumeSecret(string Key, string Secret);
