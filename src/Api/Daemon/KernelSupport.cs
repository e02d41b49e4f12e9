namespace Skep.Api.Daemon;

/// <summary>What this kernel and its control groups can do, as <c>/info</c> tells it, and a warning for each thing missed.</summary>
internal sealed record KernelSupport
{
    public bool MemoryLimit { get; init; }

    public bool SwapLimit { get; init; }

    public bool CpuQuota { get; init; }

    public bool CpuShares { get; init; }

    public bool CpuSet { get; init; }

    public bool PidsLimit { get; init; }

    public bool OomKillDisable { get; init; }

    public bool Forwarding { get; init; }

    public bool Seccomp { get; init; }

    /// <param name="root">Where /sys and /proc lie: empty, or a directory of a test.</param>
    public static KernelSupport Read(string root)
    {
        string cgroup = $"{root}/sys/fs/cgroup";
        bool forwarding = File.Exists($"{root}/proc/sys/net/ipv4/ip_forward") && File.ReadAllText($"{root}/proc/sys/net/ipv4/ip_forward").Trim() == "1";
        bool seccomp = File.Exists($"{root}/proc/sys/kernel/seccomp/actions_avail");
        if (File.Exists($"{cgroup}/cgroup.controllers"))
        {
            string[] controllers = File.ReadAllText($"{cgroup}/cgroup.controllers").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            bool memory = controllers.Contains("memory");
            return new KernelSupport
            {
                MemoryLimit = memory,
                // The root group has no such file; a kernel without it has it in no group.
                SwapLimit = memory && Directory.EnumerateDirectories(cgroup).Any(d => File.Exists($"{d}/memory.swap.max")),
                CpuQuota = controllers.Contains("cpu"),
                CpuShares = controllers.Contains("cpu"),
                CpuSet = controllers.Contains("cpuset"),
                PidsLimit = controllers.Contains("pids"),
                Forwarding = forwarding,
                Seccomp = seccomp,
            };
        }

        return new KernelSupport
        {
            MemoryLimit = File.Exists($"{cgroup}/memory/memory.limit_in_bytes"),
            SwapLimit = File.Exists($"{cgroup}/memory/memory.memsw.limit_in_bytes"),
            CpuQuota = File.Exists($"{cgroup}/cpu/cpu.cfs_quota_us"),
            CpuShares = File.Exists($"{cgroup}/cpu/cpu.shares"),
            CpuSet = Directory.Exists($"{cgroup}/cpuset"),
            PidsLimit = Directory.Exists($"{cgroup}/pids"),
            OomKillDisable = File.Exists($"{cgroup}/memory/memory.oom_control"),
            Forwarding = forwarding,
            Seccomp = seccomp,
        };
    }

    /// <summary>In Docker's words.</summary>
    public IEnumerable<string> Warnings()
    {
        (bool Has, string Warning)[] parts =
        [
            (MemoryLimit, "WARNING: No memory limit support"),
            (SwapLimit, "WARNING: No swap limit support"),
            (CpuQuota, "WARNING: No cpu cfs quota support"),
            (CpuShares, "WARNING: No cpu shares support"),
            (CpuSet, "WARNING: No cpuset support"),
            (PidsLimit, "WARNING: No pids limit support"),
            (Forwarding, "WARNING: IPv4 forwarding is disabled"),
            (Seccomp, "WARNING: No seccomp support: system calls of containers are not filtered"),
        ];
        return parts.Where(p => !p.Has).Select(p => p.Warning);
    }
}
