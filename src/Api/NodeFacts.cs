using System.Globalization;
using System.Runtime.InteropServices;

namespace Skep.Api;

/// <summary>What does not change while the daemon runs: the machine and the program.</summary>
/// <param name="Version">Of Skep.</param>
/// <param name="DataDirectory">Where the node keeps its data.</param>
public sealed record NodeFacts(string Version, string Hostname, string DataDirectory)
{
    public string BuildTime { get; init; } = "";

    public string KernelVersion { get; init; } = "";

    /// <summary>PRETTY_NAME of os-release.</summary>
    public string OperatingSystem { get; init; } = "Linux";

    public string OperatingSystemVersion { get; init; } = "";

    public int Cpus { get; init; }

    public long MemoryBytes { get; init; }

    /// <summary>1 or 2.</summary>
    public int CgroupVersion { get; init; } = 2;

    public ValueMap<string, string> EngineLabels { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>Registries asked without TLS, beside those of this machine: hosts, and ranges such as 10.0.0.0/8.</summary>
    public ValueList<string> InsecureRegistries { get; init; } = [];

    /// <summary>URLs asked before docker.io.</summary>
    public ValueList<string> RegistryMirrors { get; init; } = [];

    /// <summary>amd64, arm64 …</summary>
    public static string GoArchitecture => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>As uname -m says: x86_64, aarch64 …</summary>
    public static string MachineArchitecture => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "x86_64",
        Architecture.Arm64 => "aarch64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>Reads this machine's facts from /proc, /etc and /sys.</summary>
    public static NodeFacts OfThisMachine(string version, string hostname, string dataDirectory)
    {
        Dictionary<string, string> release = File.Exists("/etc/os-release")
            ? File.ReadLines("/etc/os-release").Select(l => l.Split('=', 2)).Where(p => p.Length == 2).DistinctBy(p => p[0], StringComparer.Ordinal).ToDictionary(p => p[0], p => p[1].Trim('"', '\''), StringComparer.Ordinal)
            : [];
        return new NodeFacts(version, hostname, dataDirectory)
        {
            KernelVersion = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            OperatingSystem = release.GetValueOrDefault("PRETTY_NAME", "Linux"),
            OperatingSystemVersion = release.GetValueOrDefault("VERSION_ID", ""),
            Cpus = Environment.ProcessorCount,
            MemoryBytes = TotalMemory(),
            CgroupVersion = File.Exists("/sys/fs/cgroup/cgroup.controllers") ? 2 : 1,
        };
    }

    private static long TotalMemory()
    {
        // "MemTotal:       16314848 kB"
        string line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
