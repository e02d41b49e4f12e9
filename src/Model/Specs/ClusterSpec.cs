namespace Skep.Model;

/// <summary>Cluster-wide settings, the <c>swarm update</c> flags.</summary>
public sealed record ClusterSpec(Annotations Annotations)
{
    public static ClusterSpec Default { get; } = new(new Annotations("default"));

    /// <summary>Ended tasks kept per slot; negative keeps all.</summary>
    public long TaskHistoryLimit { get; init; } = 5;

    public RaftSettings Raft { get; init; } = new();

    /// <summary>A worker that is silent three times as long is down. Skep's default makes that about 5 s.</summary>
    public TimeSpan HeartbeatPeriod { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>How long node certificates last.</summary>
    public TimeSpan CertificateLifetime { get; init; } = TimeSpan.FromDays(90);

    public ulong CaForceRotate { get; init; }

    public bool AutoLockManagers { get; init; }

    public Driver? DefaultLogDriver { get; init; }
}

/// <remarks>Defaults: swarmkit's, save the ticks, which are shorter here (DESIGN §4).</remarks>
public sealed record RaftSettings
{
    public ulong SnapshotInterval { get; init; } = 10000;

    public ulong KeepOldSnapshots { get; init; }

    public ulong LogEntriesForSlowFollowers { get; init; } = 500;

    public int ElectionTick { get; init; } = 10;

    public int HeartbeatTick { get; init; } = 1;
}

public enum NodeRole
{
    Worker = 0,
    Manager = 1,
}

public enum NodeAvailability
{
    Active = 0,
    Pause = 1,
    Drain = 2,
}

/// <summary>What was asked of a node: labels, role, availability. <see cref="Annotations.Name"/> is usually empty.</summary>
public sealed record NodeSpec(Annotations Annotations)
{
    public NodeRole DesiredRole { get; init; }

    public NodeAvailability Availability { get; init; }
}

/// <summary>What was asked of a cluster network.</summary>
public sealed record NetworkSpec(Annotations Annotations)
{
    public Driver? Driver { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool Ingress { get; init; }

    public bool Ipv6 { get; init; }

    public IpamSpec? Ipam { get; init; }

    /// <summary>Source of the settings of a node-local network; null for others.</summary>
    public string? ConfigFrom { get; init; }
}

public sealed record IpamSpec
{
    public Driver? Driver { get; init; }

    public ValueList<IpamPool> Pools { get; init; } = [];
}

/// <param name="Subnet">CIDR, or empty for the next free one.</param>
public sealed record IpamPool(string Subnet, string Range, string Gateway)
{
    public ValueMap<string, string> AuxiliaryAddresses { get; init; } = ValueMap<string, string>.Empty;
}

public sealed record SecretSpec(Annotations Annotations)
{
    /// <summary>At most 500 kB.</summary>
    public SensitiveBytes Data { get; init; }

    public Driver? Driver { get; init; }

    public Driver? Templating { get; init; }
}

public sealed record ConfigSpec(Annotations Annotations)
{
    /// <summary>At most 1000 kB.</summary>
    public ValueList<byte> Data { get; init; } = [];

    public Driver? Templating { get; init; }
}
