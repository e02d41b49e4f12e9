namespace Skep.Engine.Stats;

/// <summary>Takes samples of a container from its cgroup, of either version, and from the network namespace of its process 1.</summary>
/// <remarks>Source: moby/moby:daemon/daemon_unix.go statsV1 and statsV2, for which file is which field.</remarks>
internal static class CgroupSampler
{
    /// <param name="cgroupPath">As in the OCI spec, absolute.</param>
    public static ContainerSample Take(string cgroupRoot, bool v2, string cgroupPath, int pid, DateTimeOffset now)
    {
        (ulong machine, int cpus) = ProcfsParser.Machine(Text("/proc/stat"));
        string below = cgroupPath.TrimStart('/');
        ContainerSample sample = v2 ? V2(Path.Combine(cgroupRoot, below), now) : V1(cgroupRoot, below, now);
        ulong limit = sample.Memory.Limit;
        ulong total = ProcfsParser.Pairs(Text("/proc/meminfo").Replace(":", "", StringComparison.Ordinal).Replace(" kB", "", StringComparison.Ordinal)).GetValueOrDefault("MemTotal") * 1024;
        return sample with
        {
            Cpu = sample.Cpu with { Machine = machine, OnlineCpus = cpus },
            Memory = sample.Memory with { Limit = limit == 0 || limit > total ? total : limit },
            Interfaces = ProcfsParser.Interfaces(Text($"/proc/{pid}/net/dev")),
        };
    }

    private static ContainerSample V1(string root, string below, DateTimeOffset now)
    {
        Dictionary<string, ulong> times = ProcfsParser.Pairs(Read("cpuacct", "cpuacct.stat"));
        Dictionary<string, ulong> throttling = ProcfsParser.Pairs(Read("cpu", "cpu.stat"));
        return new ContainerSample(now)
        {
            Cpu = new CpuSample
            {
                Total = ProcfsParser.Number(Read("cpuacct", "cpuacct.usage")),
                User = ProcfsParser.TicksToNanos(times.GetValueOrDefault("user")),
                Kernel = ProcfsParser.TicksToNanos(times.GetValueOrDefault("system")),
                PerCpu = Read("cpuacct", "cpuacct.usage_percpu").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(ProcfsParser.Number).ToValueList(),
                Periods = throttling.GetValueOrDefault("nr_periods"),
                ThrottledPeriods = throttling.GetValueOrDefault("nr_throttled"),
                ThrottledTime = throttling.GetValueOrDefault("throttled_time"),
            },
            Memory = new MemorySample
            {
                Usage = ProcfsParser.Number(Read("memory", "memory.usage_in_bytes")),
                MaxUsage = ProcfsParser.Number(Read("memory", "memory.max_usage_in_bytes")),
                FailCount = ProcfsParser.Number(Read("memory", "memory.failcnt")),
                Limit = ProcfsParser.Number(Read("memory", "memory.limit_in_bytes")),
                Stats = ProcfsParser.Pairs(Read("memory", "memory.stat")).ToValueMap(),
            },
            Pids = ProcfsParser.Number(Read("pids", "pids.current")),
            PidsLimit = ProcfsParser.Number(Read("pids", "pids.max")),
            BlockBytes = ProcfsParser.BlockV1(FirstOf("blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes")),
            BlockOperations = ProcfsParser.BlockV1(FirstOf("blkio.throttle.io_serviced_recursive", "blkio.throttle.io_serviced")),
        };

        string Read(string controller, string file) => Text(Path.Combine(root, controller, below, file));

        string FirstOf(string file, string otherwise) => Read("blkio", file) is { Length: > 0 } text ? text : Read("blkio", otherwise);
    }

    private static ContainerSample V2(string directory, DateTimeOffset now)
    {
        const ulong nanosPerMicro = 1000;
        Dictionary<string, ulong> cpu = ProcfsParser.Pairs(Read("cpu.stat"));
        (ValueList<BlockSample> bytes, ValueList<BlockSample> operations) = ProcfsParser.BlockV2(Read("io.stat"));
        return new ContainerSample(now)
        {
            Cpu = new CpuSample
            {
                Total = cpu.GetValueOrDefault("usage_usec") * nanosPerMicro,
                User = cpu.GetValueOrDefault("user_usec") * nanosPerMicro,
                Kernel = cpu.GetValueOrDefault("system_usec") * nanosPerMicro,
                Periods = cpu.GetValueOrDefault("nr_periods"),
                ThrottledPeriods = cpu.GetValueOrDefault("nr_throttled"),
                ThrottledTime = cpu.GetValueOrDefault("throttled_usec") * nanosPerMicro,
            },
            Memory = new MemorySample
            {
                Usage = ProcfsParser.Number(Read("memory.current")),
                FailCount = ProcfsParser.Pairs(Read("memory.events")).GetValueOrDefault("oom"),
                Limit = ProcfsParser.Number(Read("memory.max")),
                Stats = ProcfsParser.Pairs(Read("memory.stat")).ToValueMap(),
            },
            Pids = ProcfsParser.Number(Read("pids.current")),
            PidsLimit = ProcfsParser.Number(Read("pids.max")),
            BlockBytes = bytes,
            BlockOperations = operations,
        };

        string Read(string file) => Text(Path.Combine(directory, file));
    }

    /// <summary>Empty when the file is not there: a controller may be missing, and a container may end meanwhile.</summary>
    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
