namespace Skep.Engine.Containers;

/// <summary>What a container that belongs to no service is to be like; the parts a task's template has are in <see cref="Template"/>.</summary>
public sealed record StandaloneSpec
{
    /// <summary>Without a leading slash; empty: a name is made up.</summary>
    public string Name { get; init; } = "";

    /// <summary>Program, mounts, limits, log driver.</summary>
    public required TaskSpec Template { get; init; }

    /// <summary>bridge, host, none, <c>container:&lt;id&gt;</c>, or the name or id of a network.</summary>
    public string NetworkMode { get; init; } = "bridge";

    /// <summary>Its networks, the mode's among them, and what is wished for in each.</summary>
    public ValueList<StandaloneEndpoint> Endpoints { get; init; } = [];

    public ValueList<StandalonePort> Ports { get; init; } = [];

    /// <summary>Ports that it and its image say they listen on: <c>80/tcp</c>.</summary>
    public ValueList<string> Exposed { get; init; } = [];

    public StandaloneRestart Restart { get; init; } = new(RestartKind.No, 0);

    /// <summary>Removed with its anonymous volumes once it has ended.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>The program's input ends when the first client that is attached to it goes.</summary>
    public bool StdinOnce { get; init; }

    public bool Privileged { get; init; }

    public ValueList<DeviceMapping> Devices { get; init; } = [];

    public bool HostPid { get; init; }

    public bool HostIpc { get; init; }

    public bool HostUts { get; init; }

    /// <summary>Bytes of /dev/shm; 0: 64 MiB.</summary>
    public long ShmBytes { get; init; }

    public CpuSettings Cpu { get; init; } = new();

    /// <summary>Memory and swap together; -1: no limit; 0: twice the memory.</summary>
    public long MemoryAndSwapBytes { get; init; }

    /// <summary>Mounts of type tmpfs with options a template cannot say: target, options.</summary>
    public ValueMap<string, string> Tmpfs { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>Mount the volumes of these containers: <c>name[:ro|rw]</c>.</summary>
    public ValueList<string> VolumesFrom { get; init; } = [];

    /// <summary>The request as the client sent it, for inspect; not read here.</summary>
    public string Request { get; init; } = "";
}

/// <param name="Network">Name or id.</param>
public sealed record StandaloneEndpoint(string Network)
{
    public ValueList<string> Aliases { get; init; } = [];

    /// <summary>Null: any that is free.</summary>
    public Ipv4Address? Address { get; init; }
}

/// <param name="HostPort">0: one is chosen.</param>
public sealed record StandalonePort(PortProtocol Protocol, int TargetPort, int HostPort)
{
    /// <summary>Any from <see cref="HostPort"/> to this one will do; 0: that one.</summary>
    public int LastHostPort { get; init; }

    /// <summary>The address of the node it is opened on; empty: all.</summary>
    public string HostAddress { get; init; } = "";
}

public enum RestartKind
{
    No,
    OnFailure,
    Always,
    UnlessStopped,
}

/// <param name="MaximumRetries">With <see cref="RestartKind.OnFailure"/>; 0: no limit.</param>
public sealed record StandaloneRestart(RestartKind Kind, int MaximumRetries);

/// <param name="Access">Some of r, w, m.</param>
public sealed record DeviceMapping(string PathOnHost, string PathInContainer, string Access);

/// <summary>Zero and empty: not set.</summary>
public sealed record CpuSettings
{
    public long Shares { get; init; }

    public long QuotaMicroseconds { get; init; }

    public long PeriodMicroseconds { get; init; }

    public string Cpus { get; init; } = "";

    public string MemoryNodes { get; init; } = "";
}
