using System.Globalization;

namespace Skep.Cli.Doctor;

/// <summary>What the kernel must be able to do, and its limits.</summary>
internal static class KernelChecks
{
    private const long LeastInotifyInstances = 512;
    private const long LeastFiles = 65536;
    private const int VxlanOverhead = 50;

    public static IEnumerable<Check> Run(Machine machine)
    {
        yield return Version(machine.Text("/proc/sys/kernel/osrelease"));
        yield return Cgroups(machine);
        foreach (string module in new[] { "vxlan", "veth", "nf_tables", "overlay" })
        {
            yield return Module(machine, module);
        }

        yield return machine.Text("/proc/sys/net/ipv4/ip_forward") switch
        {
            "1" => new Check("forwarding", Verdict.Ok, "the kernel forwards IPv4 packets"),
            null => new Check("forwarding", Verdict.Unknown, "net.ipv4.ip_forward cannot be read"),
            _ => new Check("forwarding", Verdict.Warn, "the kernel does not forward IPv4 packets; skepd turns that on when it starts, but something turned it off", "sysctl -w net.ipv4.ip_forward=1"),
        };
        yield return AtLeast(machine, "inotify instances", "/proc/sys/fs/inotify/max_user_instances", LeastInotifyInstances, "fs.inotify.max_user_instances");
        yield return AtLeast(machine, "open files", "/proc/sys/fs/file-max", LeastFiles, "fs.file-max");
        yield return Mtu(machine);
    }

    private static Check Version(string? release)
    {
        string[] parts = (release ?? "").Split('.');
        return parts.Length > 1 && int.TryParse(parts[0], out int major) && int.TryParse(new string([.. parts[1].TakeWhile(char.IsAsciiDigit)]), out int minor)
            ? major > 5 || (major == 5 && minor >= 10) ? new Check("kernel", Verdict.Ok, $"Linux {release}")
                : new Check("kernel", Verdict.Warn, $"Linux {release} is older than 5.10, the oldest that is tried", "Upgrade the kernel.")
            : new Check("kernel", Verdict.Unknown, "the kernel's version cannot be read");
    }

    private static Check Cgroups(Machine machine)
    {
        if (machine.Text("/sys/fs/cgroup/cgroup.controllers") is { } controllers)
        {
            string[] missing = [.. new[] { "cpu", "memory", "pids" }.Except(controllers.Split(' '), StringComparer.Ordinal)];
            return missing.Length == 0 ? new Check("cgroups", Verdict.Ok, "version 2, with cpu, memory and pids")
                : new Check("cgroups", Verdict.Warn, $"version 2 without {string.Join(", ", missing)}: such limits cannot be kept", "Boot with cgroup_enable=memory, or enable the controllers in cgroup.subtree_control.");
        }

        return machine.Has("/sys/fs/cgroup/memory") ? new Check("cgroups", Verdict.Ok, "version 1")
            : new Check("cgroups", Verdict.Fail, "no cgroups are mounted at /sys/fs/cgroup", "Mount them; on systemd machines this is done at boot.");
    }

    private static Check Module(Machine machine, string name)
    {
        string file = machine.Text("/proc/sys/kernel/osrelease") is { } release ? $"/lib/modules/{release}" : "/lib/modules";
        string asFile = $"/{name}.ko";
        if (machine.Has($"/sys/module/{name}") || (name == "overlay" && machine.Text("/proc/filesystems")?.Contains("overlay", StringComparison.Ordinal) == true))
        {
            return new Check($"module {name}", Verdict.Ok, "there");
        }

        bool Listed(string list) => machine.Text($"{file}/{list}")?.Contains(asFile, StringComparison.Ordinal) == true;
        return Listed("modules.builtin") ? new Check($"module {name}", Verdict.Ok, "built into the kernel")
            : Listed("modules.dep") ? new Check($"module {name}", Verdict.Ok, "not loaded, but it will be when it is needed")
            // The kernel's own table of functions tells it of what is built in, where it may be read.
            : machine.Text("/proc/kallsyms") is { } symbols && Signs(name).Any(sign => symbols.Contains($" {sign}", StringComparison.Ordinal)) ? new Check($"module {name}", Verdict.Ok, "built into the kernel")
            : new Check($"module {name}", Verdict.Unknown, "not loaded, and not found among the kernel's modules; it may be built in", $"Try: modprobe {name}");
    }

    private static string[] Signs(string module) => module switch
    {
        "nf_tables" => ["nf_tables_newtable", "nf_tables_newrule"],
        "overlay" => ["ovl_fill_super"],
        _ => [$"{module}_newlink"],
    };

    private static Check AtLeast(Machine machine, string name, string path, long least, string setting) => machine.Number(path) switch
    {
        null => new Check(name, Verdict.Unknown, $"{setting} cannot be read"),
        var value when value < least => new Check(name, Verdict.Warn, string.Create(CultureInfo.InvariantCulture, $"{setting} is {value}; many containers need more"), string.Create(CultureInfo.InvariantCulture, $"sysctl -w {setting}={least}")),
        var value => new Check(name, Verdict.Ok, string.Create(CultureInfo.InvariantCulture, $"{setting} is {value}")),
    };

    /// <remarks>VXLAN over IPv4 costs 50 bytes a packet: inner Ethernet 14, VXLAN 8, UDP 8, IP 20 (RFC 7348, section 5).</remarks>
    private static Check Mtu(Machine machine)
    {
        long? under = null;
        string at = "";
        foreach (string link in machine.Folders("/sys/class/net").Where(link => link != "lo" && machine.Has($"/sys/class/net/{link}/device")))
        {
            if (machine.Number($"/sys/class/net/{link}/mtu") is { } mtu && (under is null || mtu < under))
            {
                (under, at) = (mtu, link);
            }
        }

        foreach (string link in machine.Folders("/sys/class/net").Where(static link => link.StartsWith("vx", StringComparison.Ordinal)))
        {
            if (under is not null && machine.Number($"/sys/class/net/{link}/mtu") is { } over && over > under - VxlanOverhead)
            {
                return new Check("mtu", Verdict.Fail, string.Create(CultureInfo.InvariantCulture, $"{link} carries {over} bytes, but {at} below it only {under}: large packets are lost"),
                    string.Create(CultureInfo.InvariantCulture, $"Create networks with --opt com.docker.network.driver.mtu={under - VxlanOverhead}."));
            }
        }

        return under switch
        {
            null => new Check("mtu", Verdict.Unknown, "no network card of the machine itself was found"),
            < 1500 => new Check("mtu", Verdict.Warn, string.Create(CultureInfo.InvariantCulture, $"{at} carries {under} bytes a packet, less than the usual 1500"),
                string.Create(CultureInfo.InvariantCulture, $"Create networks with --opt com.docker.network.driver.mtu={under - VxlanOverhead}.")),
            _ => new Check("mtu", Verdict.Ok, string.Create(CultureInfo.InvariantCulture, $"the smallest underlay is {at} with {under} bytes; overlays may use {under - VxlanOverhead}")),
        };
    }
}
