using Skep.Engine.Images;
using Skep.Engine.Logs;

namespace Skep.Engine.Containers;

/// <summary>Docker's container states; its words are these in lower case.</summary>
public enum ContainerState
{
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

/// <summary>Docker's health states.</summary>
public enum HealthState
{
    None,
    Starting,
    Healthy,
    Unhealthy,
}

/// <summary>A container of this node as the Engine API shows it.</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Name">service.slot.task, without a leading slash.</param>
public sealed record LocalContainer(string Id, string Name)
{
    /// <summary>A cluster decides over its life, not the node's users.</summary>
    public bool IsManaged { get; init; }

    public ContainerState State { get; init; }

    /// <summary>As the spec names it.</summary>
    public string Image { get; init; } = "";

    /// <summary>Digest of the image's config, <c>sha256:…</c>; empty when unknown.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>Arguments of process 1, the program first.</summary>
    public ValueList<string> Command { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int Pid { get; init; }

    public int ExitCode { get; init; }

    public bool OomKilled { get; init; }

    public string Error { get; init; } = "";

    public LocalHealth? Health { get; init; }

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueList<LocalMount> Mounts { get; init; } = [];

    public ValueList<LocalEndpoint> Networks { get; init; } = [];

    /// <summary>Ports opened on this node alone (mode host).</summary>
    public ValueList<LocalPort> Ports { get; init; } = [];

    /// <summary>File of its network namespace; empty when it has none of its own.</summary>
    public string NetworkNamespace { get; init; } = "";

    /// <summary>The task's template, with templates filled in; null if the assignment is gone.</summary>
    public TaskSpec? Spec { get; init; }

    public string Hostname { get; init; } = "";

    public ValueList<string> Env { get; init; } = [];

    public string User { get; init; } = "";

    public string WorkingDirectory { get; init; } = "";

    /// <summary>Lines users read, JSON as Docker's json-file; empty with driver none.</summary>
    public string LogPath { get; init; } = "";

    public string LogDriver { get; init; } = LogDrivers.Default;

    /// <summary>Null for containers of tasks.</summary>
    public StandaloneSpec? Standalone { get; init; }

    public int RestartCount { get; init; }

    /// <summary>Holds the files hosts, hostname and resolv.conf that it sees under /etc; empty for containers of tasks.</summary>
    public string FilesDirectory { get; init; } = "";
}

/// <param name="Log">The last probes, oldest first, at most five.</param>
public sealed record LocalHealth(HealthState State, int FailingStreak, ValueList<LocalHealthProbe> Log);

public sealed record LocalHealthProbe(DateTimeOffset Start, DateTimeOffset End, int ExitCode, string Output);

/// <param name="Name">Of the volume; empty for binds and tmpfs.</param>
/// <param name="Source">Path on the host.</param>
public sealed record LocalMount(MountKind Kind, string Name, string Source, string Target, bool ReadOnly)
{
    public string Driver { get; init; } = "";

    public string Propagation { get; init; } = "";
}

/// <summary>A container's place in a network.</summary>
/// <param name="Name">Of the network: also <c>host</c>, <c>none</c>, <c>bridge</c>.</param>
public sealed record LocalEndpoint(NetworkId Network, string Name, Ipv4Address? Address, int PrefixLength)
{
    public Ipv4Address? Gateway { get; init; }

    public MacAddress? Mac { get; init; }

    public ValueList<string> Aliases { get; init; } = [];

    /// <summary>Name of the interface in the container; empty while it has none.</summary>
    public string Interface { get; init; } = "";

    /// <summary>A network of the cluster, not of the node.</summary>
    public bool IsOfCluster { get; init; }

    /// <summary>Its interface hangs on a device of the node itself (macvlan).</summary>
    public bool IsDirect { get; init; }

    /// <summary>Nothing outside the network is reached through it.</summary>
    public bool IsInternal { get; init; }
}

/// <summary>A port of the node that leads to a container.</summary>
/// <param name="Address">The one address of the node it is open on; null: all of them.</param>
public sealed record LocalPort(PortProtocol Protocol, int TargetPort, int PublishedPort, Ipv4Address? Address);
