namespace Skep.Engine.Stats;

/// <summary>What a container has used and uses, at a moment. Counters count from its start.</summary>
/// <param name="At">When it was read.</param>
public sealed record ContainerSample(DateTimeOffset At)
{
    public CpuSample Cpu { get; init; } = new();

    public MemorySample Memory { get; init; } = new();

    /// <summary>Processes and threads.</summary>
    public ulong Pids { get; init; }

    /// <summary>Zero: none.</summary>
    public ulong PidsLimit { get; init; }

    public ValueList<BlockSample> BlockBytes { get; init; } = [];

    public ValueList<BlockSample> BlockOperations { get; init; } = [];

    public ValueMap<string, InterfaceSample> Interfaces { get; init; } = ValueMap<string, InterfaceSample>.Empty;
}

/// <summary>Nanoseconds.</summary>
public sealed record CpuSample
{
    public ulong Total { get; init; }

    public ulong User { get; init; }

    public ulong Kernel { get; init; }

    /// <summary>By processor; empty where the kernel does not tell (cgroup v2).</summary>
    public ValueList<ulong> PerCpu { get; init; } = [];

    /// <summary>All processors of the machine, whoever used them.</summary>
    public ulong Machine { get; init; }

    public int OnlineCpus { get; init; }

    public ulong Periods { get; init; }

    public ulong ThrottledPeriods { get; init; }

    public ulong ThrottledTime { get; init; }
}

/// <summary>Bytes.</summary>
public sealed record MemorySample
{
    public ulong Usage { get; init; }

    public ulong MaxUsage { get; init; }

    public ulong FailCount { get; init; }

    /// <summary>The machine's memory where the container has no limit.</summary>
    public ulong Limit { get; init; }

    /// <summary>The kernel's memory.stat: cache, inactive_file …</summary>
    public ValueMap<string, ulong> Stats { get; init; } = ValueMap<string, ulong>.Empty;
}

/// <param name="Operation">read, write …</param>
public sealed record BlockSample(ulong Major, ulong Minor, string Operation, ulong Value);

public sealed record InterfaceSample(
    ulong RxBytes, ulong RxPackets, ulong RxErrors, ulong RxDropped, ulong TxBytes, ulong TxPackets, ulong TxErrors, ulong TxDropped);

/// <summary>What <c>ps</c> says of a container's processes.</summary>
public sealed record ProcessTable(ValueList<string> Titles, ValueList<ValueList<string>> Rows);
