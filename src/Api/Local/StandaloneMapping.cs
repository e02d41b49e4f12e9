using System.Text.Json;
using Skep.Engine.Containers;
using Skep.Engine.Images;

namespace Skep.Api.Local;

/// <summary>A standalone container as its creator asked for it: the request comes back in <c>inspect</c>, with what the image adds and what <c>update</c> changed. Pure.</summary>
internal static class StandaloneMapping
{
    private const long DefaultShmBytes = 64L << 20;

    /// <param name="detail">What is known of any container.</param>
    /// <param name="image">Null where it is gone.</param>
    public static WireContainerDetail Complete(WireContainerDetail detail, LocalContainer container, ImageSettings? image)
    {
        if (container.Standalone is not { } spec || Request(spec) is not { } asked)
        {
            return detail;
        }

        return detail with
        {
            RestartCount = container.RestartCount,
            Config = Config(detail.Config!, asked, image, container),
            HostConfig = HostConfig(detail.HostConfig!, asked.HostConfig ?? new WireContainerHostConfig(), spec, container),
            Mounts = Mounts(detail.Mounts ?? [], asked, spec),
            HostsPath = PathOf(container, "hosts"),
            HostnamePath = PathOf(container, "hostname"),
            ResolvConfPath = PathOf(container, "resolv.conf"),
            AppArmorProfile = "",
            MountLabel = "",
            ProcessLabel = "",
        };
    }

    private static WireContainerCreate? Request(StandaloneSpec spec)
        => spec.Request.Length > 0 ? JsonSerializer.Deserialize(spec.Request, WireJson.Default.WireContainerCreate) : null;

    private static string PathOf(LocalContainer container, string file) => container.FilesDirectory.Length > 0 ? Path.Combine(container.FilesDirectory, file) : "";

    /// <remarks>Source: docs.docker.com, how a container's settings and its image's are merged.</remarks>
    private static WireContainerConfig Config(WireContainerConfig known, WireContainerCreate asked, ImageSettings? image, LocalContainer container)
    {
        bool hasEntrypoint = asked.Entrypoint is { Count: > 0 };
        return known with
        {
            Hostname = asked.Hostname is { Length: > 0 } hostname ? hostname : container.Hostname,
            Domainname = asked.Domainname ?? "",
            User = asked.User is { Length: > 0 } user ? user : image?.User ?? "",
            AttachStdin = asked.AttachStdin,
            AttachStdout = asked.AttachStdout,
            AttachStderr = asked.AttachStderr,
            ExposedPorts = Union(asked.ExposedPorts, image?.ExposedPorts),
            Tty = asked.Tty,
            OpenStdin = asked.OpenStdin,
            StdinOnce = asked.StdinOnce,
            Env = Env(asked.Env ?? [], image),
            Cmd = asked.Cmd is { Count: > 0 } cmd ? cmd : hasEntrypoint ? null : image?.Command is { IsEmpty: false } command ? [.. command] : null,
            Entrypoint = hasEntrypoint ? asked.Entrypoint is [""] ? null : asked.Entrypoint : image?.Entrypoint is { IsEmpty: false } entrypoint ? [.. entrypoint] : null,
            Healthcheck = asked.Healthcheck ?? image?.HealthCheck?.ToWire(),
            Image = asked.Image,
            Volumes = Union(asked.Volumes, image?.Volumes),
            WorkingDir = asked.WorkingDir is { Length: > 0 } directory ? directory : image?.WorkingDirectory ?? "",
            StopSignal = asked.StopSignal is { Length: > 0 } signal ? signal : image?.StopSignal is { Length: > 0 } own ? own : null,
            StopTimeout = asked.StopTimeout,
        };
    }

    /// <summary>The user's first, then what only the image has; a bare name takes a variable away.</summary>
    private static List<string> Env(List<string> asked, ImageSettings? image)
    {
        HashSet<string> named = [.. asked.Select(Name)];
        return [.. asked.Where(v => v.Contains('=', StringComparison.Ordinal)), .. (image?.Env ?? []).Where(v => !named.Contains(Name(v)))];

        static string Name(string variable) => variable.Split('=', 2)[0];
    }

    private static Dictionary<string, WireEmpty>? Union(Dictionary<string, WireEmpty>? asked, IEnumerable<string>? ofImage)
    {
        var union = new Dictionary<string, WireEmpty>(asked ?? [], StringComparer.Ordinal);
        foreach (string name in ofImage ?? [])
        {
            union.TryAdd(name, new WireEmpty());
        }

        return union.Count > 0 ? union : null;
    }

    /// <summary>As asked, the defaults filled in; limits and policy are the present ones.</summary>
    private static WireContainerHostConfig HostConfig(WireContainerHostConfig known, WireContainerHostConfig asked, StandaloneSpec spec, LocalContainer container) => asked with
    {
        NetworkMode = asked.NetworkMode is null or "" or "default" ? "bridge" : asked.NetworkMode,
        PortBindings = asked.PortBindings ?? [],
        LogConfig = new WireDriverConfig(container.LogDriver, known.LogConfig?.Config ?? []),
        RestartPolicy = new WireRestart(Word(spec.Restart.Kind), spec.Restart.MaximumRetries),
        ConsoleSize = asked.ConsoleSize ?? [0, 0],
        CgroupnsMode = asked.CgroupnsMode is { Length: > 0 } cgroup ? cgroup : "private",
        IpcMode = asked.IpcMode is { Length: > 0 } ipc ? ipc : "private",
        PidMode = asked.PidMode ?? "",
        UtsMode = asked.UtsMode ?? "",
        UsernsMode = asked.UsernsMode ?? "",
        CgroupParent = asked.CgroupParent ?? "",
        VolumeDriver = asked.VolumeDriver ?? "",
        ContainerIdFile = asked.ContainerIdFile ?? "",
        Dns = asked.Dns ?? [],
        DnsOptions = asked.DnsOptions ?? [],
        DnsSearch = asked.DnsSearch ?? [],
        ShmSize = spec.ShmBytes > 0 ? spec.ShmBytes : DefaultShmBytes,
        Runtime = "runc",
        Memory = spec.Template.Limits?.MemoryBytes ?? 0,
        NanoCpus = spec.Template.Limits?.NanoCpus ?? 0,
        PidsLimit = spec.Template.Limits?.Pids is > 0 and var pids ? pids : asked.PidsLimit,
        MemoryReservation = spec.Template.Reservations?.MemoryBytes ?? 0,
        MemorySwap = spec.MemoryAndSwapBytes != 0 ? spec.MemoryAndSwapBytes : (spec.Template.Limits?.MemoryBytes ?? 0) * 2,
        MemorySwappiness = asked.MemorySwappiness is -1 ? null : asked.MemorySwappiness,
        CpuShares = spec.Cpu.Shares,
        CpuQuota = spec.Cpu.QuotaMicroseconds,
        CpuPeriod = spec.Cpu.PeriodMicroseconds,
        CpusetCpus = spec.Cpu.Cpus,
        CpusetMems = spec.Cpu.MemoryNodes,
        SecurityOpt = spec.Privileged ? ["label=disable"] : asked.SecurityOpt,
        MaskedPaths = spec.Privileged ? null : [.. ProtectedPaths.Masked],
        ReadonlyPaths = spec.Privileged ? null : [.. ProtectedPaths.ReadOnly],
    };

    /// <summary>Without what was asked for with <c>--tmpfs</c> and the init program, which Docker does not call mounts; with the mode that was written behind a bind.</summary>
    private static List<WireMountPoint> Mounts(List<WireMountPoint> known, WireContainerCreate asked, StandaloneSpec spec)
    {
        Dictionary<string, string> modes = [];
        foreach (string[] parts in (asked.HostConfig?.Binds ?? []).Select(bind => bind.Split(':')))
        {
            if (parts.Length > 1)
            {
                modes[parts[1]] = parts.Length > 2 ? parts[2] : "";
            }
        }

        return
        [
            .. known.Where(mount => mount.Destination is { } target && target != "/sbin/docker-init" && !spec.Tmpfs.ContainsKey(target)).Select(mount => mount with
            {
                Mode = modes.GetValueOrDefault(mount.Destination!, "") is { Length: > 0 } mode ? mode : mount.Type == "volume" ? "z" : "",
            }),
        ];
    }

    private static string Word(RestartKind kind) => kind switch
    {
        RestartKind.No => "no",
        RestartKind.OnFailure => "on-failure",
        RestartKind.Always => "always",
        RestartKind.UnlessStopped => "unless-stopped",
    };
}
