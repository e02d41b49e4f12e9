using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>What a container's creator asks of the machine: networks, mounts, limits, rights; also what inspect shows.</summary>
/// <remarks>Fields that Skep refuses are here too, so that they are refused rather than not seen.</remarks>
public sealed record WireContainerHostConfig
{
    public List<string>? Binds { get; init; }

    [JsonPropertyName("ContainerIDFile")]
    public string? ContainerIdFile { get; init; }

    public WireDriverConfig? LogConfig { get; init; }

    public string? NetworkMode { get; init; }

    public Dictionary<string, List<WirePortBinding>?>? PortBindings { get; init; }

    public WireRestart? RestartPolicy { get; init; }

    public bool AutoRemove { get; init; }

    public string? VolumeDriver { get; init; }

    public List<string>? VolumesFrom { get; init; }

    public List<int>? ConsoleSize { get; init; }

    public Dictionary<string, string>? Annotations { get; init; }

    public List<string>? CapAdd { get; init; }

    public List<string>? CapDrop { get; init; }

    public string? CgroupnsMode { get; init; }

    public List<string>? Dns { get; init; }

    public List<string>? DnsOptions { get; init; }

    public List<string>? DnsSearch { get; init; }

    public List<string>? ExtraHosts { get; init; }

    public List<string>? GroupAdd { get; init; }

    public string? IpcMode { get; init; }

    public string? Cgroup { get; init; }

    public List<string>? Links { get; init; }

    public int OomScoreAdj { get; init; }

    public string? PidMode { get; init; }

    public bool Privileged { get; init; }

    public bool PublishAllPorts { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public List<string>? SecurityOpt { get; init; }

    public Dictionary<string, string>? StorageOpt { get; init; }

    public Dictionary<string, string>? Tmpfs { get; init; }

    [JsonPropertyName("UTSMode")]
    public string? UtsMode { get; init; }

    public string? UsernsMode { get; init; }

    public long ShmSize { get; init; }

    public Dictionary<string, string>? Sysctls { get; init; }

    public string? Runtime { get; init; }

    public string? Isolation { get; init; }

    public long CpuShares { get; init; }

    public long Memory { get; init; }

    public long NanoCpus { get; init; }

    public string? CgroupParent { get; init; }

    public int BlkioWeight { get; init; }

    public List<JsonElement>? BlkioWeightDevice { get; init; }

    public List<JsonElement>? BlkioDeviceReadBps { get; init; }

    public List<JsonElement>? BlkioDeviceWriteBps { get; init; }

    [JsonPropertyName("BlkioDeviceReadIOps")]
    public List<JsonElement>? BlkioDeviceReadIops { get; init; }

    [JsonPropertyName("BlkioDeviceWriteIOps")]
    public List<JsonElement>? BlkioDeviceWriteIops { get; init; }

    public long CpuPeriod { get; init; }

    public long CpuQuota { get; init; }

    public long CpuRealtimePeriod { get; init; }

    public long CpuRealtimeRuntime { get; init; }

    public string? CpusetCpus { get; init; }

    public string? CpusetMems { get; init; }

    public List<WireDeviceMapping>? Devices { get; init; }

    public List<string>? DeviceCgroupRules { get; init; }

    public List<JsonElement>? DeviceRequests { get; init; }

    public long KernelMemory { get; init; }

    public long MemoryReservation { get; init; }

    public long MemorySwap { get; init; }

    public long? MemorySwappiness { get; init; }

    public bool? OomKillDisable { get; init; }

    public long? PidsLimit { get; init; }

    public List<WireUlimit>? Ulimits { get; init; }

    public List<WireMount>? Mounts { get; init; }

    public List<string>? MaskedPaths { get; init; }

    public List<string>? ReadonlyPaths { get; init; }

    public bool? Init { get; init; }
}

public sealed record WireDeviceMapping(string? PathOnHost, string? PathInContainer, string? CgroupPermissions);
