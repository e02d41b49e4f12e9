namespace Skep.Engine.Oci;

/// <summary>Everything an OCI runtime spec says, decided. <see cref="SpecWriter"/> only writes it down.</summary>
internal sealed record ContainerPlan
{
    public required ValueList<string> Args { get; init; }

    public required ValueList<string> Env { get; init; }

    public required string Cwd { get; init; }

    public required ResolvedUser User { get; init; }

    public required string Hostname { get; init; }

    public bool Tty { get; init; }

    public bool ReadOnlyRoot { get; init; }

    public bool NoNewPrivileges { get; init; }

    public ValueList<string> Capabilities { get; init; } = [];

    public ValueList<Ulimit> Ulimits { get; init; } = [];

    public long OomScoreAdj { get; init; }

    /// <summary>Beyond the ones every container has; in the order they are made in.</summary>
    public ValueList<OciMount> Mounts { get; init; } = [];

    /// <summary>Null: the host's.</summary>
    public string? NetworkNamespace { get; init; }

    public required string CgroupPath { get; init; }

    public bool CgroupV2 { get; init; }

    public ContainerLimits Limits { get; init; } = new();

    public ValueMap<string, string> Sysctls { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>default, unconfined or custom.</summary>
    public string SeccompMode { get; init; } = "default";

    public string SeccompJson { get; init; } = "";

    /// <summary>amd64 …</summary>
    public required string Machine { get; init; }

    /// <inheritdoc cref="HostFacts.RunsX32"/>
    public bool RunsX32 { get; init; } = true;

    /// <summary>All devices, no masked paths, a writable /sys.</summary>
    public bool Privileged { get; init; }

    /// <summary>Made in /dev and allowed, beyond those every container has.</summary>
    public ValueList<OciDevice> Devices { get; init; } = [];

    /// <summary>Kinds of namespaces that are not the container's own: the host's (null) or another's (path).</summary>
    public ValueMap<string, string?> SharedNamespaces { get; init; } = ValueMap<string, string?>.Empty;

    /// <summary>Bytes; 0: 64 MiB.</summary>
    public long ShmBytes { get; init; }

    /// <summary>What mounts of the root reach: empty (private), slave, rslave, shared, rshared.</summary>
    public string RootPropagation { get; init; } = "";
}

/// <summary>Numbers the kernel knows a user by.</summary>
internal sealed record ResolvedUser(uint Uid, uint Gid, ValueList<uint> Groups)
{
    public static ResolvedUser Root { get; } = new(0, 0, []);
}

internal sealed record OciMount(string Destination, string Type, string Source, ValueList<string> Options);

/// <summary>Zero: no limit.</summary>
internal sealed record ContainerLimits
{
    public long NanoCpus { get; init; }

    public long MemoryBytes { get; init; }

    /// <summary>Memory and swap together; 0: not set.</summary>
    public long MemoryAndSwapBytes { get; init; }

    public long MemoryReservationBytes { get; init; }

    public long Pids { get; init; }

    public long CpuShares { get; init; }

    /// <summary>Instead of <see cref="NanoCpus"/>; microseconds.</summary>
    public long CpuQuota { get; init; }

    public long CpuPeriod { get; init; }

    public string Cpus { get; init; } = "";

    public string MemoryNodes { get; init; } = "";
}

/// <param name="Type">c or b.</param>
/// <param name="Access">Some of r, w, m.</param>
internal sealed record OciDevice(string Path, char Type, int Major, int Minor, string Access);
