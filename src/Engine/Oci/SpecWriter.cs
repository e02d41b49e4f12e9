using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Skep.Engine.Containers;

namespace Skep.Engine.Oci;

/// <summary>Writes a container's OCI runtime spec, with what Docker gives every container.</summary>
/// <remarks>Source: opencontainers/runtime-spec:config.md, config-linux.md; moby/moby:daemon/pkg/oci/defaults.go.</remarks>
internal static class SpecWriter
{
    private const long CpuPeriodMicroseconds = 100_000;

    private static readonly OciMount[] StandardMounts =
    [
        new("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
        new("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        new("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        new("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
        new("/sys/fs/cgroup", "cgroup", "cgroup", ["ro", "nosuid", "noexec", "nodev"]),
        new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
        new("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"]),
    ];

    /// <summary>Character devices every container may use: major, minor; -1 is any.</summary>
    private static readonly (int Major, int Minor)[] Devices = [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, -1)];

    public static byte[] Write(ContainerPlan plan)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("ociVersion", "1.0.2");
            json.WritePropertyName("process");
            WriteProcess(json, plan);
            json.WriteStartObject("root");
            json.WriteString("path", "rootfs");
            json.WriteBoolean("readonly", plan.ReadOnlyRoot);
            json.WriteEndObject();
            json.WriteString("hostname", plan.Hostname);
            WriteMounts(json, plan);
            WriteLinux(json, plan);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A further process for a container: as process 1 of its spec, but with other arguments and no terminal.</summary>
    public static byte[] WriteFurtherProcess(ReadOnlyMemory<byte> specJson, ValueList<string> args)
    {
        using JsonDocument spec = JsonDocument.Parse(specJson);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (JsonProperty member in spec.RootElement.GetProperty("process").EnumerateObject())
            {
                if (member.Name == "args")
                {
                    WriteList(json, "args", args);
                }
                else if (member.Name != "terminal")
                {
                    member.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteProcess(Utf8JsonWriter json, ContainerPlan plan)
    {
        json.WriteStartObject();
        if (plan.Tty)
        {
            json.WriteBoolean("terminal", true);
        }

        json.WriteStartObject("user");
        json.WriteNumber("uid", plan.User.Uid);
        json.WriteNumber("gid", plan.User.Gid);
        if (!plan.User.Groups.IsEmpty)
        {
            json.WriteStartArray("additionalGids");
            foreach (uint group in plan.User.Groups)
            {
                json.WriteNumberValue(group);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        WriteList(json, "args", plan.Args);
        WriteList(json, "env", plan.Env);
        json.WriteString("cwd", plan.Cwd);
        json.WriteStartObject("capabilities");
        WriteList(json, "bounding", plan.Capabilities);
        if (plan.User.Uid == 0)
        {
            // For other users execve would clear these; leave them empty from the start.
            WriteList(json, "effective", plan.Capabilities);
            WriteList(json, "permitted", plan.Capabilities);
        }

        json.WriteEndObject();
        if (!plan.Ulimits.IsEmpty)
        {
            json.WriteStartArray("rlimits");
            foreach (Ulimit limit in plan.Ulimits)
            {
                json.WriteStartObject();
                json.WriteString("type", "RLIMIT_" + limit.Name.ToUpperInvariant());
                json.WriteNumber("hard", unchecked((ulong)limit.Hard));
                json.WriteNumber("soft", unchecked((ulong)limit.Soft));
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteBoolean("noNewPrivileges", plan.NoNewPrivileges);
        if (plan.OomScoreAdj != 0)
        {
            json.WriteNumber("oomScoreAdj", plan.OomScoreAdj);
        }

        json.WriteEndObject();
    }

    private static void WriteMounts(Utf8JsonWriter json, ContainerPlan plan)
    {
        json.WriteStartArray("mounts");
        // A user's mount at a standard place takes that place.
        var taken = plan.Mounts.Select(m => m.Destination).ToHashSet(StringComparer.Ordinal);
        foreach (OciMount standard in StandardMounts.Where(m => !taken.Contains(m.Destination)).Concat(plan.Mounts))
        {
            OciMount mount = Adapted(standard, plan);
            json.WriteStartObject();
            json.WriteString("destination", mount.Destination);
            json.WriteString("type", mount.Type);
            json.WriteString("source", mount.Source);
            WriteList(json, "options", mount.Options);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static OciMount Adapted(OciMount mount, ContainerPlan plan) => mount.Destination switch
    {
        "/sys" or "/sys/fs/cgroup" when plan.Privileged && mount.Type is "sysfs" or "cgroup" => mount with { Options = mount.Options.Where(o => o != "ro").ToValueList() },
        "/dev/shm" when plan.ShmBytes > 0 && mount.Source == "shm" => mount with
        {
            Options = mount.Options.Where(o => !o.StartsWith("size=", StringComparison.Ordinal)).Append($"size={plan.ShmBytes.ToString(System.Globalization.CultureInfo.InvariantCulture)}").ToValueList(),
        },
        "/dev/shm" when plan.SharedNamespaces.ContainsKey("ipc") && mount.Source == "shm" => new OciMount("/dev/shm", "bind", "/dev/shm", ["rbind", "rprivate"]),
        "/dev/mqueue" when plan.SharedNamespaces.ContainsKey("ipc") && mount.Type == "mqueue" => new OciMount("/dev/mqueue", "bind", "/dev/mqueue", ["rbind", "rprivate"]),
        _ => mount,
    };

    /// <summary>Limits alone, for a container that runs.</summary>
    public static byte[] WriteLimits(ContainerLimits limits)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteLimits(json, limits);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteLinux(Utf8JsonWriter json, ContainerPlan plan)
    {
        json.WriteStartObject("linux");
        if (plan.Sysctls.Count > 0)
        {
            json.WriteStartObject("sysctl");
            foreach ((string name, string value) in plan.Sysctls)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        json.WriteString("cgroupsPath", plan.CgroupPath);
        WriteNamespaces(json, plan);
        WriteResources(json, plan);
        WriteDevices(json, plan);
        if (plan.SeccompMode == "default")
        {
            json.WritePropertyName("seccomp");
            SeccompProfile.WriteDefault(json, plan.Capabilities, plan.Machine, plan.RunsX32);
        }
        else if (plan.SeccompMode == "custom")
        {
            json.WritePropertyName("seccomp");
            SeccompProfile.WriteCustom(json, plan.SeccompJson, plan.Capabilities, plan.Machine);
        }

        if (plan.RootPropagation.Length > 0)
        {
            json.WriteString("rootfsPropagation", plan.RootPropagation);
        }

        WriteList(json, "maskedPaths", plan.Privileged ? [] : ProtectedPaths.Masked);
        WriteList(json, "readonlyPaths", plan.Privileged ? [] : ProtectedPaths.ReadOnly);
        json.WriteEndObject();
    }

    private static void WriteNamespaces(Utf8JsonWriter json, ContainerPlan plan)
    {
        json.WriteStartArray("namespaces");
        foreach (string type in (string[])["pid", "ipc", "uts", "mount"])
        {
            if (!plan.SharedNamespaces.TryGetValue(type, out string? other))
            {
                Write(type, null);
            }
            else if (other is not null)
            {
                Write(type, other);
            }
        }

        if (plan.CgroupV2 && !plan.Privileged)
        {
            Write("cgroup", null);
        }

        if (plan.NetworkNamespace is not null)
        {
            Write("network", plan.NetworkNamespace);
        }

        json.WriteEndArray();

        void Write(string type, string? path)
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            if (!string.IsNullOrEmpty(path))
            {
                json.WriteString("path", path);
            }

            json.WriteEndObject();
        }
    }

    private static void WriteDevices(Utf8JsonWriter json, ContainerPlan plan)
    {
        if (plan.Devices.IsEmpty)
        {
            return;
        }

        json.WriteStartArray("devices");
        foreach (OciDevice device in plan.Devices)
        {
            json.WriteStartObject();
            json.WriteString("path", device.Path);
            json.WriteString("type", device.Type.ToString());
            json.WriteNumber("major", device.Major);
            json.WriteNumber("minor", device.Minor);
            json.WriteNumber("fileMode", 0x1b6);
            json.WriteNumber("uid", 0);
            json.WriteNumber("gid", 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteResources(Utf8JsonWriter json, ContainerPlan plan)
    {
        json.WriteStartObject("resources");
        json.WriteStartArray("devices");
        WriteDevice(json, allow: plan.Privileged, null, null, null, "rwm");
        WriteDevice(json, allow: true, "c", null, null, "m");
        WriteDevice(json, allow: true, "b", null, null, "m");
        foreach ((int major, int minor) in Devices)
        {
            WriteDevice(json, allow: true, "c", major, minor < 0 ? null : minor, "rwm");
        }

        foreach (OciDevice device in plan.Privileged ? [] : plan.Devices)
        {
            WriteDevice(json, allow: true, device.Type.ToString(), device.Major, device.Minor, device.Access);
        }

        json.WriteEndArray();
        WriteLimits(json, plan.Limits);
        json.WriteEndObject();
    }

    private static void WriteCpu(Utf8JsonWriter json, ContainerLimits limits)
    {
        json.WriteStartObject("cpu");
        if (limits.NanoCpus > 0)
        {
            json.WriteNumber("period", CpuPeriodMicroseconds);
            json.WriteNumber("quota", (long)((decimal)limits.NanoCpus * CpuPeriodMicroseconds / 1_000_000_000m));
        }
        else
        {
            if (limits.CpuPeriod > 0)
            {
                json.WriteNumber("period", limits.CpuPeriod);
            }

            if (limits.CpuQuota != 0)
            {
                json.WriteNumber("quota", limits.CpuQuota);
            }
        }

        if (limits.CpuShares > 0)
        {
            json.WriteNumber("shares", limits.CpuShares);
        }

        if (limits.Cpus.Length > 0)
        {
            json.WriteString("cpus", limits.Cpus);
        }

        if (limits.MemoryNodes.Length > 0)
        {
            json.WriteString("mems", limits.MemoryNodes);
        }

        json.WriteEndObject();
    }

    private static void WriteLimits(Utf8JsonWriter json, ContainerLimits limits)
    {
        if (limits.NanoCpus > 0 || limits.CpuPeriod > 0 || limits.CpuQuota != 0 || limits.CpuShares > 0 || limits.Cpus.Length > 0 || limits.MemoryNodes.Length > 0)
        {
            WriteCpu(json, limits);
        }

        if (limits.MemoryBytes > 0 || limits.MemoryReservationBytes > 0)
        {
            json.WriteStartObject("memory");
            if (limits.MemoryBytes > 0)
            {
                json.WriteNumber("limit", limits.MemoryBytes);
            }

            if (limits.MemoryReservationBytes > 0)
            {
                json.WriteNumber("reservation", limits.MemoryReservationBytes);
            }

            if (limits.MemoryAndSwapBytes != 0)
            {
                json.WriteNumber("swap", limits.MemoryAndSwapBytes);
            }

            json.WriteEndObject();
        }

        if (limits.Pids > 0)
        {
            json.WriteStartObject("pids");
            json.WriteNumber("limit", limits.Pids);
            json.WriteEndObject();
        }
    }

    private static void WriteDevice(Utf8JsonWriter json, bool allow, string? type, int? major, int? minor, string access)
    {
        json.WriteStartObject();
        json.WriteBoolean("allow", allow);
        if (type is not null)
        {
            json.WriteString("type", type);
        }

        if (major is not null)
        {
            json.WriteNumber("major", major.Value);
        }

        if (minor is not null)
        {
            json.WriteNumber("minor", minor.Value);
        }

        json.WriteString("access", access);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> items)
    {
        json.WriteStartArray(name);
        foreach (string item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }
}
