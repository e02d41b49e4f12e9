namespace Skep.Engine.Oci;

/// <summary>Which capabilities a container has.</summary>
/// <remarks>Source: capabilities(7); moby/moby:daemon/pkg/oci/caps/defaults.go.</remarks>
internal static class Capabilities
{
    private static readonly string[] Defaults =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>In the order of their numbers, up to the last this kernel knows.</summary>
    private static readonly string[] Known =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE",
        "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
        "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <param name="lastKnown">Number of the kernel's last capability, /proc/sys/kernel/cap_last_cap.</param>
    /// <param name="given">What the agent has to give: <c>ALL</c> and the defaults mean no more than this. Null: all that is known.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: a name is unknown, or asked for and not to be had.</exception>
    public static ValueList<string> Resolve(ValueList<string> add, ValueList<string> drop, int lastKnown, ValueList<string>? given = null)
    {
        string[] available = Known[..Math.Min(Known.Length, lastKnown + 1)];
        string[] added = [.. add.Select(Normalize)];
        string[] dropped = [.. drop.Select(Normalize)];
        foreach (string name in added.Concat(dropped))
        {
            if (name != "ALL" && !available.Contains(name))
            {
                throw ClusterException.Invalid($"invalid capability: unknown capability: \"{name}\"");
            }
        }

        if (given is not null && added.FirstOrDefault(name => name != "ALL" && !given.Contains(name)) is { } missing)
        {
            throw ClusterException.Invalid($"capability {missing} cannot be given on this node: the daemon itself runs without it");
        }

        IEnumerable<string> start = dropped.Contains("ALL") ? [] : added.Contains("ALL") ? available : Defaults;
        if (dropped.Contains("ALL") && added.Contains("ALL"))
        {
            start = available;
        }

        return start.Union(added.Where(c => c != "ALL")).Except(dropped.Where(c => c != "ALL" && !added.Contains(c))).Where(c => given is null || given.Contains(c)).ToValueList();
    }

    /// <summary>Everything the agent itself may give: on a restricted machine that is less than what the kernel knows.</summary>
    public static ValueList<string> OfThisProcess()
        => InMask(File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapBnd:", StringComparison.Ordinal))["CapBnd:".Length..]);

    /// <param name="mask">Hexadecimal, as /proc/PID/status has it.</param>
    internal static ValueList<string> InMask(string mask)
    {
        ulong bits = ulong.Parse(mask.AsSpan().Trim(), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
        return Known.Where((_, number) => (bits >> number & 1) != 0).ToValueList();
    }

    private static string Normalize(string name)
    {
        string upper = name.ToUpperInvariant();
        return upper == "ALL" || upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : "CAP_" + upper;
    }
}
