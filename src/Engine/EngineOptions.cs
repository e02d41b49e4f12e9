using Skep.Engine.Logs;

namespace Skep.Engine;

/// <summary>Every path, name and limit of a node's container engine. Several run side by side on one machine when these differ.</summary>
public sealed record EngineOptions
{
    /// <summary>Lasting data: volumes, logs, the last assignments.</summary>
    public string DataDirectory { get; init; } = "/var/lib/skep/worker";

    /// <summary>Things that end with a reboot: files of running containers. A tmpfs is mounted below it when it lies on a disk, since secrets go there.</summary>
    public string RunDirectory { get; init; } = "/run/skep/worker";

    /// <summary>Where containerd listens.</summary>
    public string ContainerdSocket { get; init; } = "/run/containerd/containerd.sock";

    /// <summary>The containerd namespace of this engine; never shared by two.</summary>
    public string ContainerdNamespace { get; init; } = "skep";

    /// <summary>overlayfs or native.</summary>
    public string Snapshotter { get; init; } = "overlayfs";

    /// <summary>Parent of all containers' cgroups, absolute.</summary>
    public string CgroupParent { get; init; } = "/skep";

    /// <summary>Mount point of the cgroup file systems.</summary>
    public string CgroupRoot { get; init; } = "/sys/fs/cgroup";

    /// <summary>Registries spoken to over http, or over https without checking the certificate: <c>host[:port]</c>. Those on the loopback always are.</summary>
    public ValueList<string> InsecureRegistries { get; init; } = [];

    /// <summary>Asked before docker.io for its images: base URLs.</summary>
    public ValueList<string> RegistryMirrors { get; init; } = [];

    /// <summary>Certificates of registries, as Docker keeps them: <c>&lt;directory&gt;/&lt;host[:port]&gt;/*.crt</c>.</summary>
    public ValueList<string> RegistryCertificates { get; init; } = ["/etc/skep/certs.d", "/etc/docker/certs.d"];

    /// <summary>A peer or registry that sends nothing for this long is given up and the next one tried.</summary>
    public TimeSpan SourcePatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Layers of one pull at a time. Source: Docker's max-concurrent-downloads.</summary>
    public int ConcurrentDownloads { get; init; } = 3;

    /// <summary>Containers created and started at a time; 0: twice the processors, so that the first of many tasks runs early.</summary>
    public int ConcurrentStarts { get; init; }

    /// <summary>Longest silence of containerd before calls to it fail.</summary>
    public TimeSpan ContainerdPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Null: the machine's.</summary>
    public string? Hostname { get; init; }

    /// <summary>Used by containers without a log driver of their own.</summary>
    public Driver LogDriver { get; init; } = new(LogDrivers.Default);

    /// <summary>The host's resolv.conf, for containers without an overlay network.</summary>
    public string ResolvConfPath { get; init; } = "/etc/resolv.conf";

    internal int EffectiveConcurrentStarts => ConcurrentStarts > 0 ? ConcurrentStarts : 2 * Environment.ProcessorCount;
}
