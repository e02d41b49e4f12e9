namespace Skep.Compose;

/// <summary>How the image would be built; a stack ignores it.</summary>
public sealed record ComposeBuild
{
    public string Context { get; init; } = "";
    public string Dockerfile { get; init; } = "";
    public IReadOnlyDictionary<string, string?> Args { get; init; } = Maps.None<string?>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.None<string>();
    public IReadOnlyList<string> CacheFrom { get; init; } = [];
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];
    public string Network { get; init; } = "";
    public string Target { get; init; } = "";
}

/// <summary>Windows credential specification; at most one of the three is set.</summary>
public sealed record ComposeCredentialSpec
{
    public string Config { get; init; } = "";
    public string File { get; init; } = "";
    public string Registry { get; init; } = "";
}

/// <summary>The service's own health check. <see cref="Disable"/> switches off the image's.</summary>
public sealed record ComposeHealthcheck
{
    public IReadOnlyList<string> Test { get; init; } = [];
    public ComposeDuration? Timeout { get; init; }
    public ComposeDuration? Interval { get; init; }
    public ulong? Retries { get; init; }
    public ComposeDuration? StartPeriod { get; init; }
    public ComposeDuration? StartInterval { get; init; }
    public bool Disable { get; init; }
}

/// <summary>Where output goes.</summary>
public sealed record ComposeLogging
{
    public string Driver { get; init; } = "";
    public IReadOnlyDictionary<string, string> Options { get; init; } = Maps.None<string>();
}

/// <summary>How a service hangs on one network.</summary>
public sealed record ComposeServiceNetwork
{
    public IReadOnlyList<string> Aliases { get; init; } = [];
    public IReadOnlyDictionary<string, string> DriverOpts { get; init; } = Maps.None<string>();
    public string Ipv4Address { get; init; } = "";
    public string Ipv6Address { get; init; } = "";
}

/// <summary>One published port. <see cref="Published"/> 0 lets the cluster choose.</summary>
public sealed record ComposePort
{
    public string Mode { get; init; } = "";
    public uint Target { get; init; }
    public uint Published { get; init; }
    public string Protocol { get; init; } = "";
}

/// <summary>Limit of one resource of a process: either one number for both (<see cref="Single"/>, not 0) or soft and hard.</summary>
public sealed record ComposeUlimit(long Single, long Soft, long Hard);

/// <summary>A config or secret that the service uses, by its key in the file.</summary>
public sealed record ComposeFileReference
{
    public string Source { get; init; } = "";
    public string Target { get; init; } = "";
    public string Uid { get; init; } = "";
    public string Gid { get; init; } = "";

    /// <summary>Permission bits; null means the default 0444.</summary>
    public uint? Mode { get; init; }
}

/// <summary>An entry of a service's <c>volumes</c>. Which options fit which type is checked when it is converted.</summary>
public sealed record ComposeMount
{
    /// <summary><c>volume</c>, <c>bind</c>, <c>tmpfs</c>, <c>npipe</c>, <c>cluster</c> or <c>image</c>.</summary>
    public string Type { get; init; } = "";
    public string Source { get; init; } = "";
    public string Target { get; init; } = "";
    public bool ReadOnly { get; init; }
    public string Consistency { get; init; } = "";
    public ComposeBindOptions? Bind { get; init; }
    public ComposeVolumeOptions? Volume { get; init; }
    public ComposeTmpfsOptions? Tmpfs { get; init; }
}

/// <summary>Options of a bind mount.</summary>
public sealed record ComposeBindOptions(string Propagation);

/// <summary>Options of a volume mount.</summary>
public sealed record ComposeVolumeOptions(bool NoCopy, string Subpath);

/// <summary>Options of a tmpfs mount.</summary>
public sealed record ComposeTmpfsOptions(long SizeBytes);
