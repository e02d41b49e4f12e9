namespace Skep.Model;

/// <summary>What runs in a task.</summary>
/// <remarks>Source: Engine API TaskSpec.ContainerSpec, whose words are kept: Command is the entry point, Args its arguments.</remarks>
public sealed record ContainerSpec(string Image)
{
    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueList<string> Command { get; init; } = [];

    public ValueList<string> Args { get; init; } = [];

    public string Hostname { get; init; } = "";

    /// <summary><c>NAME=value</c>, or a bare <c>NAME</c> that unsets the image's.</summary>
    public ValueList<string> Env { get; init; } = [];

    public string Directory { get; init; } = "";

    /// <summary>name or uid, with an optional :group.</summary>
    public string User { get; init; } = "";

    public ValueList<string> Groups { get; init; } = [];

    public Privileges? Privileges { get; init; }

    public bool Tty { get; init; }

    public bool OpenStdin { get; init; }

    public bool ReadOnly { get; init; }

    public ValueList<Mount> Mounts { get; init; } = [];

    /// <summary>Empty: the image's, else SIGTERM.</summary>
    public string StopSignal { get; init; } = "";

    /// <summary>From the stop signal to SIGKILL. Null: 10 s.</summary>
    public Duration? StopGracePeriod { get; init; }

    public HealthCheck? HealthCheck { get; init; }

    /// <summary>As written in /etc/hosts: <c>address name [name…]</c>.</summary>
    public ValueList<string> Hosts { get; init; } = [];

    public DnsConfig? Dns { get; init; }

    public ValueList<SecretReference> Secrets { get; init; } = [];

    public ValueList<ConfigReference> Configs { get; init; } = [];

    /// <summary>An init process as PID 1. Null: the node's default (no).</summary>
    public bool? Init { get; init; }

    public string Isolation { get; init; } = "";

    public ValueMap<string, string> Sysctls { get; init; } = ValueMap<string, string>.Empty;

    public ValueList<string> CapabilityAdd { get; init; } = [];

    public ValueList<string> CapabilityDrop { get; init; } = [];

    public ValueList<Ulimit> Ulimits { get; init; } = [];

    public long OomScoreAdj { get; init; }

    /// <summary>Registry credentials as the client sent them (decoded X-Registry-Auth JSON); handed to nodes, never shown.</summary>
    public SensitiveBytes RegistryAuth { get; init; }

    public TimeSpan EffectiveStopGracePeriod => StopGracePeriod ?? TimeSpan.FromSeconds(10);
}

public enum MountKind
{
    Bind = 0,
    Volume = 1,
    Tmpfs = 2,
    NamedPipe = 3,
    Cluster = 4,
    Image = 5,
}

/// <param name="Source">Bind: host path; volume: its name, empty for an anonymous one; tmpfs: empty.</param>
public sealed record Mount(MountKind Kind, string Source, string Target)
{
    public bool ReadOnly { get; init; }

    public string Consistency { get; init; } = "";

    public BindOptions? Bind { get; init; }

    public VolumeOptions? Volume { get; init; }

    public TmpfsOptions? Tmpfs { get; init; }
}

/// <param name="Propagation">Empty, or one of private rprivate shared rshared slave rslave.</param>
public sealed record BindOptions(string Propagation)
{
    public bool NonRecursive { get; init; }

    public bool CreateMountpoint { get; init; }
}

public sealed record VolumeOptions
{
    public bool NoCopy { get; init; }

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public Driver? Driver { get; init; }

    public string Subpath { get; init; } = "";
}

/// <param name="SizeBytes">0: no limit.</param>
/// <param name="Mode">File mode bits; 0: 01777.</param>
public sealed record TmpfsOptions(long SizeBytes, uint Mode);

/// <summary>How a task's health is asked. Zero durations and counts mean the image's values, else Docker's defaults (30 s, 30 s, 3, 0, 5 s).</summary>
public sealed record HealthCheck
{
    /// <summary>[] the image's; [NONE] off; [CMD, …]; [CMD-SHELL, line].</summary>
    public ValueList<string> Test { get; init; } = [];

    public Duration Interval { get; init; }

    public Duration Timeout { get; init; }

    public int Retries { get; init; }

    public Duration StartPeriod { get; init; }

    public Duration StartInterval { get; init; }
}

public sealed record DnsConfig
{
    public ValueList<string> Nameservers { get; init; } = [];

    public ValueList<string> Search { get; init; } = [];

    public ValueList<string> Options { get; init; } = [];
}

/// <summary>Where a secret or config appears in the container.</summary>
/// <param name="Mode">File mode bits.</param>
public sealed record FileTarget(string Name, string Uid, string Gid, uint Mode);

public sealed record SecretReference(SecretId Id, string Name, FileTarget? File);

/// <param name="IsRuntime">True: not a file but used by the runtime (credential spec).</param>
public sealed record ConfigReference(ConfigId Id, string Name, FileTarget? File, bool IsRuntime = false);

/// <param name="Soft">-1: unlimited.</param>
public sealed record Ulimit(string Name, long Soft, long Hard);

/// <summary>Security settings beyond capabilities.</summary>
public sealed record Privileges
{
    public CredentialSpec? CredentialSpec { get; init; }

    public SelinuxContext? Selinux { get; init; }

    /// <summary>default, unconfined or custom; empty: default.</summary>
    public string SeccompMode { get; init; } = "";

    /// <summary>With mode custom: the profile's JSON.</summary>
    public string SeccompProfile { get; init; } = "";

    /// <summary>default or disabled; empty: default.</summary>
    public string AppArmorMode { get; init; } = "";

    public bool NoNewPrivileges { get; init; }
}

public sealed record CredentialSpec(string Config, string File, string Registry);

public sealed record SelinuxContext(bool Disable, string User, string Role, string Type, string Level);
