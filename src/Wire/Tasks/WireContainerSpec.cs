using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>What runs in a task. Command is the entry point, Args its arguments. Durations are nanoseconds.</summary>
public sealed record WireContainerSpec
{
    public string? Image { get; init; }

    public Dictionary<string, string>? Labels { get; init; }

    public List<string>? Command { get; init; }

    public List<string>? Args { get; init; }

    public string? Hostname { get; init; }

    public List<string>? Env { get; init; }

    public string? Dir { get; init; }

    public string? User { get; init; }

    public List<string>? Groups { get; init; }

    public WirePrivileges? Privileges { get; init; }

    public bool? Init { get; init; }

    public string? StopSignal { get; init; }

    [JsonPropertyName("TTY")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Tty { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OpenStdin { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ReadOnly { get; init; }

    public List<WireMount>? Mounts { get; init; }

    public long? StopGracePeriod { get; init; }

    public WireHealthcheck? Healthcheck { get; init; }

    public List<string>? Hosts { get; init; }

    [JsonPropertyName("DNSConfig")]
    public WireDnsConfig? DnsConfig { get; init; }

    public List<WireSecretReference>? Secrets { get; init; }

    public List<WireConfigReference>? Configs { get; init; }

    public string? Isolation { get; init; }

    public Dictionary<string, string>? Sysctls { get; init; }

    public List<string>? CapabilityAdd { get; init; }

    public List<string>? CapabilityDrop { get; init; }

    public List<WireUlimit>? Ulimits { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long OomScoreAdj { get; init; }
}

public sealed record WireHealthcheck
{
    public List<string>? Test { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Interval { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Timeout { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartPeriod { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartInterval { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Retries { get; init; }
}

public sealed record WireDnsConfig
{
    public List<string>? Nameservers { get; init; }

    public List<string>? Search { get; init; }

    public List<string>? Options { get; init; }
}

public sealed record WireFileTarget
{
    public string? Name { get; init; }

    [JsonPropertyName("UID")]
    public string? Uid { get; init; }

    [JsonPropertyName("GID")]
    public string? Gid { get; init; }

    public uint Mode { get; init; }
}

public sealed record WireSecretReference
{
    public WireFileTarget? File { get; init; }

    [JsonPropertyName("SecretID")]
    public string? SecretId { get; init; }

    public string? SecretName { get; init; }
}

public sealed record WireConfigReference
{
    public WireFileTarget? File { get; init; }

    public WireEmpty? Runtime { get; init; }

    [JsonPropertyName("ConfigID")]
    public string? ConfigId { get; init; }

    public string? ConfigName { get; init; }
}

public sealed record WireUlimit
{
    public string? Name { get; init; }

    public long Hard { get; init; }

    public long Soft { get; init; }
}

public sealed record WirePrivileges
{
    public WireCredentialSpec? CredentialSpec { get; init; }

    [JsonPropertyName("SELinuxContext")]
    public WireSelinuxContext? SelinuxContext { get; init; }

    public WireSeccomp? Seccomp { get; init; }

    public WireAppArmor? AppArmor { get; init; }

    public bool NoNewPrivileges { get; init; }
}

public sealed record WireCredentialSpec
{
    public string? Config { get; init; }

    public string? File { get; init; }

    public string? Registry { get; init; }
}

public sealed record WireSelinuxContext
{
    public bool Disable { get; init; }

    public string? User { get; init; }

    public string? Role { get; init; }

    public string? Type { get; init; }

    public string? Level { get; init; }
}

public sealed record WireSeccomp
{
    public string? Mode { get; init; }

    /// <summary>Base64 of the profile's JSON.</summary>
    public byte[]? Profile { get; init; }
}

public sealed record WireAppArmor
{
    public string? Mode { get; init; }
}
