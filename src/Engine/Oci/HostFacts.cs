using System.Globalization;
using Skep.Engine.Images;
using Skep.Engine.Native;

namespace Skep.Engine.Oci;

/// <summary>What the machine can do, read once.</summary>
internal sealed record HostFacts(bool CgroupV2, bool SwapIsLimited, int LastCapability, string? InitPath, string BootId, Platform Platform)
{
    /// <summary>What the agent itself may give; null: everything the kernel knows.</summary>
    public ValueList<string>? Capabilities { get; init; }

    /// <summary>Whether the kernel takes system calls of the x32 ABI, which most are built or started without.</summary>
    public bool RunsX32 { get; init; } = true;

    /// <summary>Those without a loader first: an image need not have the libraries that Debian's tini wants.</summary>
    private static readonly string[] InitPrograms = ["/usr/bin/docker-init", "/usr/libexec/docker/docker-init", "/usr/bin/tini-static", "/usr/bin/catatonit", "/usr/libexec/podman/catatonit", "/usr/bin/tini"];

    public static HostFacts Read(string cgroupRoot)
    {
        bool v2 = File.Exists(Path.Combine(cgroupRoot, "cgroup.controllers"));
        bool swap = v2 ? HasSwapFiles(cgroupRoot) : File.Exists(Path.Combine(cgroupRoot, "memory", "memory.memsw.limit_in_bytes"));
        return new HostFacts(
            v2, swap, int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"), CultureInfo.InvariantCulture), InitPrograms.FirstOrDefault(File.Exists),
            ReadBootId(), Images.PlatformMatcher.Machine)
        {
            Capabilities = Oci.Capabilities.OfThisProcess(),
            RunsX32 = Images.PlatformMatcher.Machine.Architecture == "amd64" && LibC.TakesX32(),
        };
    }

    /// <summary>Another one after each boot of the machine.</summary>
    public static string ReadBootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>The root cgroup has no limit files: any group below it tells.</summary>
    private static bool HasSwapFiles(string cgroupRoot)
        => Directory.EnumerateDirectories(cgroupRoot).Any(d => File.Exists(Path.Combine(d, "memory.swap.max")));
}
