using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>One sample of <c>GET /containers/{id}/stats</c>.</summary>
public sealed record WireStats
{
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("read")]
    public DateTimeOffset Read { get; init; }

    [JsonPropertyName("preread")]
    public DateTimeOffset PreRead { get; init; }

    [JsonPropertyName("pids_stats")]
    public WirePidsStats? Pids { get; init; }

    [JsonPropertyName("blkio_stats")]
    public WireBlockStats? Block { get; init; }

    [JsonPropertyName("num_procs")]
    public int NumProcs { get; init; }

    [JsonPropertyName("storage_stats")]
    public WireEmpty? Storage { get; init; } = new();

    [JsonPropertyName("cpu_stats")]
    public WireCpuStats? Cpu { get; init; }

    [JsonPropertyName("precpu_stats")]
    public WireCpuStats? PreCpu { get; init; }

    [JsonPropertyName("memory_stats")]
    public WireMemoryStats? Memory { get; init; }

    /// <summary>By interface: eth0 …</summary>
    [JsonPropertyName("networks")]
    public Dictionary<string, WireInterfaceStats>? Networks { get; init; }
}

public sealed record WirePidsStats
{
    [JsonPropertyName("current")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Current { get; init; }

    [JsonPropertyName("limit")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Limit { get; init; }
}

public sealed record WireBlockStats
{
    [JsonPropertyName("io_service_bytes_recursive")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<WireBlockEntry>? ServiceBytes { get; init; }

    [JsonPropertyName("io_serviced_recursive")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public List<WireBlockEntry>? Serviced { get; init; }
}

public sealed record WireBlockEntry
{
    [JsonPropertyName("major")]
    public ulong Major { get; init; }

    [JsonPropertyName("minor")]
    public ulong Minor { get; init; }

    [JsonPropertyName("op")]
    public string? Operation { get; init; }

    [JsonPropertyName("value")]
    public ulong Value { get; init; }
}

/// <summary>Times in nanoseconds.</summary>
public sealed record WireCpuStats
{
    [JsonPropertyName("cpu_usage")]
    public WireCpuUsage Usage { get; init; } = new();

    /// <summary>Of the whole machine.</summary>
    [JsonPropertyName("system_cpu_usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong SystemUsage { get; init; }

    [JsonPropertyName("online_cpus")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public uint OnlineCpus { get; init; }

    [JsonPropertyName("throttling_data")]
    public WireThrottling Throttling { get; init; } = new();
}

public sealed record WireCpuUsage
{
    [JsonPropertyName("total_usage")]
    public ulong Total { get; init; }

    [JsonPropertyName("percpu_usage")]
    public List<ulong>? PerCpu { get; init; }

    [JsonPropertyName("usage_in_kernelmode")]
    public ulong Kernel { get; init; }

    [JsonPropertyName("usage_in_usermode")]
    public ulong User { get; init; }
}

public sealed record WireThrottling
{
    [JsonPropertyName("periods")]
    public ulong Periods { get; init; }

    [JsonPropertyName("throttled_periods")]
    public ulong ThrottledPeriods { get; init; }

    [JsonPropertyName("throttled_time")]
    public ulong ThrottledTime { get; init; }
}

/// <summary>Bytes.</summary>
public sealed record WireMemoryStats
{
    [JsonPropertyName("usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Usage { get; init; }

    [JsonPropertyName("max_usage")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong MaxUsage { get; init; }

    /// <summary>The kernel's memory.stat.</summary>
    [JsonPropertyName("stats")]
    public Dictionary<string, ulong>? Stats { get; init; }

    [JsonPropertyName("failcnt")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong FailCount { get; init; }

    /// <summary>The machine's memory where there is no limit.</summary>
    [JsonPropertyName("limit")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ulong Limit { get; init; }
}

public sealed record WireInterfaceStats
{
    [JsonPropertyName("rx_bytes")]
    public ulong RxBytes { get; init; }

    [JsonPropertyName("rx_packets")]
    public ulong RxPackets { get; init; }

    [JsonPropertyName("rx_errors")]
    public ulong RxErrors { get; init; }

    [JsonPropertyName("rx_dropped")]
    public ulong RxDropped { get; init; }

    [JsonPropertyName("tx_bytes")]
    public ulong TxBytes { get; init; }

    [JsonPropertyName("tx_packets")]
    public ulong TxPackets { get; init; }

    [JsonPropertyName("tx_errors")]
    public ulong TxErrors { get; init; }

    [JsonPropertyName("tx_dropped")]
    public ulong TxDropped { get; init; }
}

/// <summary>The answer to <c>GET /containers/{id}/top</c>.</summary>
public sealed record WireTop
{
    public List<string>? Titles { get; init; }

    public List<List<string>>? Processes { get; init; }
}

/// <summary>One file a container changed.</summary>
public sealed record WireChange
{
    public string? Path { get; init; }

    /// <summary>0: changed, 1: added, 2: deleted.</summary>
    public int Kind { get; init; }
}

/// <summary>What <c>X-Docker-Container-Path-Stat</c> holds, as base64 of JSON.</summary>
public sealed record WirePathStat
{
    [JsonPropertyName("name")]
    public string? Name { get; init; }

    [JsonPropertyName("size")]
    public long Size { get; init; }

    /// <summary>Go's os.FileMode.</summary>
    [JsonPropertyName("mode")]
    public uint Mode { get; init; }

    [JsonPropertyName("mtime")]
    public DateTimeOffset Modified { get; init; }

    [JsonPropertyName("linkTarget")]
    public string? LinkTarget { get; init; }
}
