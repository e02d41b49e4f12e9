using System.Globalization;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Volumes;
using Skep.Overlay;

namespace Skep.Worker.Agent;

/// <summary>Says what this machine is and offers.</summary>
internal static class NodeDescriber
{
    public static NodeDescription Describe(WorkerOptions options, string hostname, Membership membership, KernelFeatures? network) => new(
        hostname,
        PlatformMatcher.Machine with { Architecture = DockerArchitecture(PlatformMatcher.Machine.Architecture) },
        new Resources(Environment.ProcessorCount * 1_000_000_000L, MemoryBytes()) { Generic = options.GenericResources })
    {
        EngineVersion = options.EngineVersion,
        EngineLabels = options.EngineLabels,
        Plugins = Plugins(network).ToValueList(),
        DataPathAddress = membership.DataPathAddress,
        PeerAddress = membership.PeerAddress,
    };

    private static IEnumerable<EnginePlugin> Plugins(KernelFeatures? network)
    {
        foreach (string name in LogDrivers.Names)
        {
            yield return new EnginePlugin("Log", name);
        }

        if (network is { Vxlan: true, Nftables: true })
        {
            yield return new EnginePlugin("Network", "bridge");
            yield return new EnginePlugin("Network", "overlay");
        }

        if (network is { Macvlan: true, Nftables: true })
        {
            yield return new EnginePlugin("Network", "macvlan");
        }

        yield return new EnginePlugin("Network", "host");
        yield return new EnginePlugin("Network", "null");
        foreach (string name in VolumeDrivers.Names)
        {
            yield return new EnginePlugin("Volume", name);
        }
    }

    /// <summary>Nodes speak of machines as uname does: constraints such as <c>node.platform.arch == x86_64</c> compare with it.</summary>
    private static string DockerArchitecture(string machine) => machine switch
    {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "arm" => "armv7l",
        "386" => "i686",
        _ => machine,
    };

    private static long MemoryBytes()
    {
        string line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
