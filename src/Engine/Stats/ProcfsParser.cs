using System.Globalization;

namespace Skep.Engine.Stats;

/// <summary>Reads the texts in which the kernel counts. Pure.</summary>
/// <remarks>Source: kernel Documentation/admin-guide/cgroup-v1, cgroup-v2.rst, proc(5) for stat and net/dev.</remarks>
internal static class ProcfsParser
{
    private const ulong NanosPerTick = 10_000_000; // USER_HZ is 100 on every machine Linux runs .NET on.

    /// <summary>A number alone; <c>max</c> and nonsense are 0.</summary>
    public static ulong Number(string text) => ulong.TryParse(text.AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0;

    /// <summary>Lines of <c>name number</c>.</summary>
    public static Dictionary<string, ulong> Pairs(string text)
    {
        var pairs = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 2)
            {
                pairs[parts[0]] = Number(parts[1]);
            }
        }

        return pairs;
    }

    /// <summary>cgroup v1: lines of <c>8:0 Read 4096</c>, with a Total at the end.</summary>
    public static ValueList<BlockSample> BlockV1(string text)
    {
        var samples = new List<BlockSample>();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ', ':');
            if (parts.Length == 4)
            {
                samples.Add(new BlockSample(Number(parts[0]), Number(parts[1]), parts[2].ToLowerInvariant(), Number(parts[3])));
            }
        }

        return samples.ToValueList();
    }

    /// <summary>cgroup v2's io.stat: <c>8:0 rbytes=1 wbytes=2 rios=3 wios=4 …</c>.</summary>
    public static (ValueList<BlockSample> Bytes, ValueList<BlockSample> Operations) BlockV2(string text)
    {
        var bytes = new List<BlockSample>();
        var operations = new List<BlockSample>();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] device = parts[0].Split(':');
            if (device.Length != 2)
            {
                continue;
            }

            foreach (string[] pair in parts.Skip(1).Select(p => p.Split('=', 2)).Where(p => p.Length == 2))
            {
                (List<BlockSample>? into, string operation) = pair[0] switch
                {
                    "rbytes" => (bytes, "read"),
                    "wbytes" => (bytes, "write"),
                    "rios" => (operations, "read"),
                    "wios" => (operations, "write"),
                    _ => (null, ""),
                };
                into?.Add(new BlockSample(Number(device[0]), Number(device[1]), operation, Number(pair[1])));
            }
        }

        return (bytes.ToValueList(), operations.ToValueList());
    }

    /// <summary>/proc/PID/net/dev without the loopback.</summary>
    public static ValueMap<string, InterfaceSample> Interfaces(string text)
    {
        var found = new Dictionary<string, InterfaceSample>(StringComparer.Ordinal);
        foreach (string line in text.Split('\n').Skip(2))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                continue;
            }

            string name = line[..colon].Trim();
            ulong[] n = [.. line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number)];
            if (name != "lo" && n.Length >= 12)
            {
                found[name] = new InterfaceSample(n[0], n[1], n[2], n[3], n[8], n[9], n[10], n[11]);
            }
        }

        return found.ToValueMap();
    }

    /// <summary>First line of /proc/stat: nanoseconds of all processors together, and how many there are.</summary>
    /// <remarks>Source: moby/moby:daemon/stats_unix.go getSystemCPUUsage: user nice system idle iowait irq softirq steal.</remarks>
    public static (ulong Nanos, int Cpus) Machine(string text)
    {
        const int counted = 8;
        string[] lines = text.Split('\n');
        ulong ticks = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(counted).Aggregate(0UL, (sum, n) => sum + Number(n));
        return (ticks * NanosPerTick, lines.Skip(1).Count(l => l.StartsWith("cpu", StringComparison.Ordinal)));
    }

    public static ulong TicksToNanos(ulong ticks) => ticks * NanosPerTick;
}
