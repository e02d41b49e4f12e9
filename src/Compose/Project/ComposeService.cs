namespace Skep.Compose;

/// <summary>One entry under <c>services</c>.</summary>
public sealed record ComposeService
{
    public required string Name { get; init; }
    public ComposeBuild? Build { get; init; }
    public IReadOnlyList<string> CapAdd { get; init; } = [];
    public IReadOnlyList<string> CapDrop { get; init; } = [];
    public string CgroupNamespaceMode { get; init; } = "";
    public string CgroupParent { get; init; } = "";
    public IReadOnlyList<string> Command { get; init; } = [];
    public IReadOnlyList<ComposeFileReference> Configs { get; init; } = [];
    public string ContainerName { get; init; } = "";
    public ComposeCredentialSpec CredentialSpec { get; init; } = new();
    public IReadOnlyList<string> DependsOn { get; init; } = [];
    public ComposeDeploy Deploy { get; init; } = new();
    public IReadOnlyList<string> Devices { get; init; } = [];
    public IReadOnlyList<string> Dns { get; init; } = [];
    public IReadOnlyList<string> DnsSearch { get; init; } = [];
    public string DomainName { get; init; } = "";
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Env files and <c>environment</c> together; null means the variable is named without a value.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = Maps.None<string?>();

    public IReadOnlyList<string> EnvFile { get; init; } = [];
    public IReadOnlyList<string> Expose { get; init; } = [];
    public IReadOnlyList<string> ExternalLinks { get; init; } = [];

    /// <summary>Entries of the form <c>host:address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    public string Hostname { get; init; } = "";
    public ComposeHealthcheck? Healthcheck { get; init; }
    public string Image { get; init; } = "";
    public bool? Init { get; init; }
    public string Ipc { get; init; } = "";
    public string Isolation { get; init; } = "";
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.None<string>();
    public IReadOnlyList<string> Links { get; init; } = [];
    public ComposeLogging? Logging { get; init; }
    public string MacAddress { get; init; } = "";
    public string NetworkMode { get; init; } = "";

    /// <summary>Attachments by network key; null where nothing but the key was given. Empty means the default network.</summary>
    public IReadOnlyDictionary<string, ComposeServiceNetwork?> Networks { get; init; } = Maps.None<ComposeServiceNetwork?>();

    public string Pid { get; init; } = "";
    public IReadOnlyList<ComposePort> Ports { get; init; } = [];
    public bool Privileged { get; init; }
    public bool ReadOnly { get; init; }
    public string Restart { get; init; } = "";
    public IReadOnlyList<ComposeFileReference> Secrets { get; init; } = [];
    public IReadOnlyList<string> SecurityOpt { get; init; } = [];
    public string ShmSize { get; init; } = "";
    public bool StdinOpen { get; init; }
    public ComposeDuration? StopGracePeriod { get; init; }
    public string StopSignal { get; init; } = "";
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = Maps.None<string>();
    public IReadOnlyList<string> Tmpfs { get; init; } = [];
    public bool Tty { get; init; }
    public IReadOnlyDictionary<string, ComposeUlimit> Ulimits { get; init; } = Maps.None<ComposeUlimit>();
    public string User { get; init; } = "";
    public string UserNamespaceMode { get; init; } = "";
    public IReadOnlyList<ComposeMount> Volumes { get; init; } = [];
    public string WorkingDir { get; init; } = "";
    public IReadOnlyDictionary<string, ComposeValue> Extensions { get; init; } = Maps.None<ComposeValue>();
}
