using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>What <c>GET /info</c> says of a node.</summary>
public sealed record WireInfo
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public int Containers { get; init; }

    public int ContainersRunning { get; init; }

    public int ContainersPaused { get; init; }

    public int ContainersStopped { get; init; }

    public int Images { get; init; }

    public string? Driver { get; init; }

    public List<List<string>>? DriverStatus { get; init; }

    public string? DockerRootDir { get; init; }

    public WirePlugins? Plugins { get; init; }

    public bool MemoryLimit { get; init; }

    public bool SwapLimit { get; init; }

    public bool CpuCfsPeriod { get; init; }

    public bool CpuCfsQuota { get; init; }

    [JsonPropertyName("CPUShares")]
    public bool CpuShares { get; init; }

    [JsonPropertyName("CPUSet")]
    public bool CpuSet { get; init; }

    public bool PidsLimit { get; init; }

    public bool OomKillDisable { get; init; }

    public bool IPv4Forwarding { get; init; }

    public bool Debug { get; init; }

    public int NFd { get; init; }

    public int NGoroutines { get; init; }

    public string? SystemTime { get; init; }

    public string? LoggingDriver { get; init; }

    public string? CgroupDriver { get; init; }

    public string? CgroupVersion { get; init; }

    public int NEventsListener { get; init; }

    public string? KernelVersion { get; init; }

    public string? OperatingSystem { get; init; }

    [JsonPropertyName("OSVersion")]
    public string? OsVersion { get; init; }

    [JsonPropertyName("OSType")]
    public string? OsType { get; init; }

    public string? Architecture { get; init; }

    public string? IndexServerAddress { get; init; }

    public WireRegistryConfig? RegistryConfig { get; init; }

    [JsonPropertyName("NCPU")]
    public int NCpu { get; init; }

    public long MemTotal { get; init; }

    public List<WireGenericResource>? GenericResources { get; init; }

    public string? HttpProxy { get; init; }

    public string? HttpsProxy { get; init; }

    public string? NoProxy { get; init; }

    public string? Name { get; init; }

    public List<string>? Labels { get; init; }

    public bool ExperimentalBuild { get; init; }

    public string? ServerVersion { get; init; }

    public Dictionary<string, WireRuntime>? Runtimes { get; init; }

    public string? DefaultRuntime { get; init; }

    public WireSwarmInfo? Swarm { get; init; }

    public bool LiveRestoreEnabled { get; init; }

    public string? Isolation { get; init; }

    public string? InitBinary { get; init; }

    public WireCommit? ContainerdCommit { get; init; }

    public WireCommit? RuncCommit { get; init; }

    public WireCommit? InitCommit { get; init; }

    public List<string>? SecurityOptions { get; init; }

    public List<string>? Warnings { get; init; }

    /// <summary>Ours, not Docker's: <c>POST /stacks/{name}/check</c> is served.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ChecksStacks { get; init; }
}

public sealed record WirePlugins
{
    public List<string>? Volume { get; init; }

    public List<string>? Network { get; init; }

    public List<string>? Authorization { get; init; }

    public List<string>? Log { get; init; }
}

public sealed record WireRegistryConfig
{
    [JsonPropertyName("InsecureRegistryCIDRs")]
    public List<string>? InsecureRegistryCidrs { get; init; }

    public Dictionary<string, WireIndexInfo>? IndexConfigs { get; init; }

    public List<string>? Mirrors { get; init; }
}

public sealed record WireIndexInfo
{
    public string? Name { get; init; }

    public List<string>? Mirrors { get; init; }

    public bool Secure { get; init; }

    public bool Official { get; init; }
}

public sealed record WireRuntime([property: JsonPropertyName("path")] string? Path);

public sealed record WireCommit([property: JsonPropertyName("ID")] string? Id);

/// <summary>A node's part in a cluster. <c>LocalNodeState</c>: inactive, pending, active, error, locked.</summary>
public sealed record WireSwarmInfo
{
    [JsonPropertyName("NodeID")]
    public string? NodeId { get; init; }

    public string? NodeAddr { get; init; }

    public string? LocalNodeState { get; init; }

    public bool ControlAvailable { get; init; }

    public string? Error { get; init; }

    public List<WireRemoteManager>? RemoteManagers { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Nodes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Managers { get; init; }

    public WireSwarm? Cluster { get; init; }
}

public sealed record WireRemoteManager([property: JsonPropertyName("NodeID")] string? NodeId, string? Addr);
