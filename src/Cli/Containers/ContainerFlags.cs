using System.Globalization;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Services.Values;
using Skep.Wire;

namespace Skep.Cli.Containers;

/// <summary>Flags of <c>create</c> and <c>run</c>, all of Docker's: what the daemon does not do it refuses by the field's name.</summary>
/// <remarks>Source: docker/cli:cli/command/container/opts.go.</remarks>
internal static class ContainerFlags
{
    public static readonly ListFlag<string> AddHost = Flag.List("add-host", "Add a custom host-to-IP mapping (host:ip)", PublishValue.ExtraHost);
    public static readonly ListFlag<KeyValuePair<string, string>> Annotation = Flag.List("annotation", "Add an annotation to the container (passed through to the OCI runtime)", GoValues.Pair, valueName: "map");
    public static readonly ListFlag<string> Attach = Flag.List("attach", "Attach to STDIN, STDOUT or STDERR", ReadStream, 'a');
    public static readonly Flag<long?> BlkioWeight = Flag.Number("blkio-weight", "Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)");
    public static readonly ListFlag<string> CapAdd = Flag.List("cap-add", "Add Linux capabilities", SmallValues.Capability);
    public static readonly ListFlag<string> CapDrop = Flag.List("cap-drop", "Drop Linux capabilities", SmallValues.Capability);
    public static readonly Flag<string> CgroupParent = Flag.Text("cgroup-parent", "Optional parent cgroup for the container");
    public static readonly Flag<string> Cgroupns = Flag.Text("cgroupns", "Cgroup namespace to use (host|private)");
    public static readonly Flag<string> CidFile = Flag.Text("cidfile", "Write the container ID to the file");
    public static readonly Flag<long?> CpuPeriod = Flag.Number("cpu-period", "Limit CPU CFS (Completely Fair Scheduler) period");
    public static readonly Flag<long?> CpuQuota = Flag.Number("cpu-quota", "Limit CPU CFS (Completely Fair Scheduler) quota");
    public static readonly Flag<long?> CpuRealtimePeriod = Flag.Number("cpu-rt-period", "Limit CPU real-time period in microseconds");
    public static readonly Flag<long?> CpuRealtimeRuntime = Flag.Number("cpu-rt-runtime", "Limit CPU real-time runtime in microseconds");
    public static readonly Flag<long?> CpuShares = Flag.Number("cpu-shares", "CPU shares (relative weight)", 'c');
    public static readonly Flag<long?> Cpus = Flag.Cpus("cpus", "Number of CPUs");
    public static readonly Flag<string> CpusetCpus = Flag.Text("cpuset-cpus", "CPUs in which to allow execution (0-3, 0,1)");
    public static readonly Flag<string> CpusetMems = Flag.Text("cpuset-mems", "MEMs in which to allow execution (0-3, 0,1)");
    public static readonly ListFlag<WireDeviceMapping> Device = Flag.List("device", "Add a host device to the container", PublishValue.Device);
    public static readonly ListFlag<string> DeviceCgroupRule = Flag.List("device-cgroup-rule", "Add a rule to the cgroup allowed devices list", ReadDeviceRule);
    public static readonly ListFlag<string> Dns = Flag.List("dns", "Set custom DNS servers");
    public static readonly ListFlag<string> DnsOption = Flag.List("dns-option", "Set DNS options");
    public static readonly ListFlag<string> DnsOpt = new("dns-opt", null, "list", "Set DNS options", static text => text) { IsHidden = true };
    public static readonly ListFlag<string> DnsSearch = Flag.List("dns-search", "Set custom DNS search domains");
    public static readonly Flag<string> Domainname = Flag.Text("domainname", "Container NIS domain name");
    public static readonly Flag<string> Entrypoint = Flag.Text("entrypoint", "Overwrite the default ENTRYPOINT of the image");
    public static readonly ListFlag<string> Env = Flag.List("env", "Set environment variables", 'e');
    public static readonly ListFlag<string> EnvFile = Flag.List("env-file", "Read in a file of environment variables");
    public static readonly ListFlag<string> Expose = Flag.List("expose", "Expose a port or a range of ports");
    public static readonly Flag<string> Gpus = Flag.Text("gpus", "GPU devices to add to the container ('all' to pass all GPUs)", valueName: "gpu-request");
    public static readonly ListFlag<string> GroupAdd = Flag.List("group-add", "Add additional groups to join");
    public static readonly Flag<string> Hostname = Flag.Text("hostname", "Container host name", 'h');
    public static readonly Flag<bool> Init = Flag.Switch("init", "Run an init inside the container that forwards signals and reaps processes");
    public static readonly Flag<bool> Interactive = Flag.Switch("interactive", "Keep STDIN open even if not attached", 'i');
    public static readonly Flag<string> Ip = Flag.Text("ip", "IPv4 address (e.g., 172.30.100.104)");
    public static readonly Flag<string> Ip6 = Flag.Text("ip6", "IPv6 address (e.g., 2001:db8::33)");
    public static readonly Flag<string> Ipc = Flag.Text("ipc", "IPC mode to use");
    public static readonly Flag<string> Isolation = Flag.Text("isolation", "Container isolation technology");
    public static readonly ListFlag<string> Label = Flag.List("label", "Set meta data on a container", 'l');
    public static readonly ListFlag<string> LabelFile = Flag.List("label-file", "Read in a line delimited file of labels");
    public static readonly ListFlag<string> Link = Flag.List("link", "Add link to another container");
    public static readonly Flag<string> LogDriver = Flag.Text("log-driver", "Logging driver for the container");
    public static readonly ListFlag<KeyValuePair<string, string>> LogOpt = Flag.List("log-opt", "Log driver options", GoValues.Pair);
    public static readonly Flag<string> MacAddress = Flag.Text("mac-address", "Container MAC address (e.g., 92:d0:c6:0a:29:33)");
    public static readonly Flag<long?> Memory = Flag.Bytes("memory", "Memory limit", 'm');
    public static readonly Flag<long?> MemoryReservation = Flag.Bytes("memory-reservation", "Memory soft limit");
    public static readonly Flag<long?> MemorySwap = new("memory-swap", null, "bytes", "Swap limit equal to memory plus swap: '-1' to enable unlimited swap", ReadSwap, null);
    public static readonly Flag<long?> MemorySwappiness = Flag.Number("memory-swappiness", "Tune container memory swappiness (0 to 100)");
    public static readonly ListFlag<WireMount> Mount = Flag.List("mount", "Attach a filesystem mount to the container", MountValue.Read, valueName: "mount");
    public static readonly Flag<string> Name = Flag.Text("name", "Assign a name to the container");
    public static readonly ListFlag<NetworkAttachmentOption> Network = Flag.List("network", "Connect a container to a network", NetworkAttachmentOption.Read, valueName: "network");
    public static readonly ListFlag<NetworkAttachmentOption> Net = new("net", null, "network", "Connect a container to a network", NetworkAttachmentOption.Read) { IsHidden = true };
    public static readonly ListFlag<string> NetworkAlias = Flag.List("network-alias", "Add network-scoped alias for the container");
    public static readonly Flag<bool> OomKillDisable = Flag.Switch("oom-kill-disable", "Disable OOM Killer");
    public static readonly Flag<long?> OomScoreAdj = Flag.Number("oom-score-adj", "Tune host's OOM preferences (-1000 to 1000)");
    public static readonly Flag<string> Pid = Flag.Text("pid", "PID namespace to use");
    public static readonly Flag<long?> PidsLimit = Flag.Number("pids-limit", "Tune container pids limit (set -1 for unlimited)");
    public static readonly Flag<string> Platform = Flag.Text("platform", "Set platform if server is multi-platform capable");
    public static readonly Flag<bool> Privileged = Flag.Switch("privileged", "Give extended privileges to this container");
    public static readonly ListFlag<string> Publish = Flag.List("publish", "Publish a container's port(s) to the host", 'p');
    public static readonly Flag<bool> PublishAll = Flag.Switch("publish-all", "Publish all exposed ports to random ports", 'P');
    public static readonly Flag<string> Pull = Flag.Text("pull", "Pull image before running (\"always\", \"missing\", \"never\")", byDefault: "missing");
    public static readonly Flag<bool> Quiet = Flag.Switch("quiet", "Suppress the pull output", 'q');
    public static readonly Flag<bool> ReadOnly = Flag.Switch("read-only", "Mount the container's root filesystem as read only");
    public static readonly Flag<string> Restart = Flag.Text("restart", "Restart policy to apply when a container exits", byDefault: "no");
    public static readonly Flag<bool> Remove = Flag.Switch("rm", "Automatically remove the container and its associated anonymous volumes when it exits");
    public static readonly Flag<string> Runtime = Flag.Text("runtime", "Runtime to use for this container");
    public static readonly ListFlag<string> SecurityOpt = Flag.List("security-opt", "Security Options");
    public static readonly Flag<long?> ShmSize = Flag.Bytes("shm-size", "Size of /dev/shm");
    public static readonly Flag<string> StopSignal = Flag.Text("stop-signal", "Signal to stop the container");
    public static readonly Flag<long?> StopTimeout = Flag.Number("stop-timeout", "Timeout (in seconds) to stop a container");
    public static readonly ListFlag<KeyValuePair<string, string>> StorageOpt = Flag.List("storage-opt", "Storage driver options for the container", GoValues.Pair);
    public static readonly ListFlag<KeyValuePair<string, string>> Sysctl = Flag.List("sysctl", "Sysctl options", GoValues.Pair, valueName: "map");
    public static readonly ListFlag<string> Tmpfs = Flag.List("tmpfs", "Mount a tmpfs directory");
    public static readonly Flag<bool> Tty = Flag.Switch("tty", "Allocate a pseudo-TTY", 't');
    public static readonly ListFlag<WireUlimit> Ulimit = Flag.List("ulimit", "Ulimit options", SmallValues.Ulimit, valueName: "ulimit");
    public static readonly Flag<string> User = Flag.Text("user", "Username or UID (format: <name|uid>[:<group|gid>])", 'u');
    public static readonly Flag<string> Userns = Flag.Text("userns", "User namespace to use");
    public static readonly Flag<string> Uts = Flag.Text("uts", "UTS namespace to use");
    public static readonly ListFlag<string> Volume = Flag.List("volume", "Bind mount a volume", 'v');
    public static readonly Flag<string> VolumeDriver = Flag.Text("volume-driver", "Optional volume driver for the container");
    public static readonly ListFlag<string> VolumesFrom = Flag.List("volumes-from", "Mount volumes from the specified container(s)");
    public static readonly Flag<string> Workdir = Flag.Text("workdir", "Working directory inside the container", 'w');

    public static readonly Flag[] Shared =
    [
        AddHost, Annotation, Attach, BlkioWeight, CapAdd, CapDrop, CgroupParent, Cgroupns, CidFile, CpuPeriod, CpuQuota, CpuRealtimePeriod, CpuRealtimeRuntime, CpuShares, Cpus, CpusetCpus,
        CpusetMems, Device, DeviceCgroupRule, Dns, DnsOption, DnsOpt, DnsSearch, Domainname, Entrypoint, Env, EnvFile, Expose, Gpus, GroupAdd, .. ServiceFlags.Health, ServiceFlags.NoHealthcheck,
        Hostname, Init, Interactive, Ip, Ip6, Ipc, Isolation, Label, LabelFile, Link, LogDriver, LogOpt, MacAddress, Memory, MemoryReservation, MemorySwap, MemorySwappiness, Mount, Name, Network,
        Net, NetworkAlias, OomKillDisable, OomScoreAdj, Pid, PidsLimit, Platform, Privileged, Publish, PublishAll, Pull, Quiet, ReadOnly, Restart, Remove, Runtime, SecurityOpt, ShmSize,
        StopSignal, StopTimeout, StorageOpt, Sysctl, Tmpfs, Tty, Ulimit, User, Userns, Uts, Volume, VolumeDriver, VolumesFrom, Workdir,
    ];

    /// <summary><c>-1</c>: as much as there is.</summary>
    public static long? ReadSwap(string text) => text == "-1" ? -1 : GoValues.Bytes(text);

    /// <summary><c>c 42:* rmw</c>.</summary>
    private static string ReadDeviceRule(string text)
    {
        string[] parts = text.Split(' ');
        return parts is [("a" or "b" or "c"), var numbers, var access] && numbers.Split(':') is [var major, var minor] && IsNumber(major) && IsNumber(minor) && access.Length is > 0 and < 4 && access.All("rwm".Contains)
            ? text
            : throw new FormatException($"invalid device cgroup format '{text}'");

        static bool IsNumber(string text) => text == "*" || (text.Length > 0 && text.All(char.IsAsciiDigit));
    }

    private static string ReadStream(string text) => text.ToLower(CultureInfo.InvariantCulture) is "stdin" or "stdout" or "stderr"
        ? text.ToLower(CultureInfo.InvariantCulture)
        : throw new FormatException("valid streams are STDIN, STDOUT and STDERR");
}
