using System.Globalization;
using System.Text.Json;
using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Engine.Oci;

namespace Skep.Api.Local;

/// <summary>The body of <c>POST /containers/create</c> as a spec. Pure.</summary>
internal static class ContainerRequest
{
    /// <param name="image">What the image says of itself; null when it is not here (creating then answers 404).</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/> or <see cref="ErrorKind.NotImplemented"/>, with the field's name.</exception>
    public static StandaloneSpec ToSpec(WireContainerCreate body, string name, ImageSettings? image)
    {
        WireContainerHostConfig host = body.HostConfig ?? new WireContainerHostConfig();
        UnsupportedFields.Check(body, host);
        if (string.IsNullOrEmpty(body.Image))
        {
            throw ClusterException.Invalid("no command specified: config.Image is empty");
        }

        string mode = host.NetworkMode is null or "" or "default" ? "bridge" : host.NetworkMode;
        ContainerMounts mounts = ContainerMounts.Of(body, host);
        return new StandaloneSpec
        {
            Name = name,
            Template = new TaskSpec
            {
                Container = Container(body, host, image) with { Mounts = mounts.Mounts },
                Limits = host.NanoCpus > 0 || host.Memory > 0 || host.PidsLimit > 0 ? new Resources(host.NanoCpus, host.Memory) { Pids = Math.Max(0, host.PidsLimit ?? 0) } : null,
                Reservations = host.MemoryReservation > 0 ? new Resources(0, host.MemoryReservation) : null,
                LogDriver = host.LogConfig is { } log && (log.Type is { Length: > 0 } || log.Config is { Count: > 0 }) ? new Driver(log.Type ?? "") { Options = log.Config.ToModel() } : null,
            },
            NetworkMode = mode,
            Endpoints = (body.NetworkingConfig?.EndpointsConfig ?? []).Select(e => Endpoint(e.Key == "default" ? "bridge" : e.Key, e.Value)).ToValueList(),
            Ports = ContainerPorts.Of(body, host, image),
            Exposed = ContainerPorts.Exposed(body, host, image),
            Restart = Restart(host.RestartPolicy, host.AutoRemove),
            AutoRemove = host.AutoRemove,
            StdinOnce = body.StdinOnce,
            Privileged = host.Privileged,
            Devices = (host.Devices ?? []).Select(d => new DeviceMapping(d.PathOnHost ?? "", d.PathInContainer ?? "", d.CgroupPermissions is { Length: > 0 } access ? access : "rwm")).ToValueList(),
            HostPid = host.PidMode == "host",
            HostIpc = host.IpcMode == "host",
            HostUts = host.UtsMode == "host",
            ShmBytes = host.ShmSize,
            Cpu = new CpuSettings { Shares = host.CpuShares, QuotaMicroseconds = host.CpuQuota, PeriodMicroseconds = host.CpuPeriod, Cpus = host.CpusetCpus ?? "", MemoryNodes = host.CpusetMems ?? "" },
            MemoryAndSwapBytes = host.MemorySwap,
            Tmpfs = mounts.Tmpfs,
            VolumesFrom = host.VolumesFrom.ToModel(),
            Request = JsonSerializer.Serialize(body, WireJson.Default.WireContainerCreate),
        };
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>, in Docker's words.</exception>
    public static StandaloneRestart Restart(WireRestart? policy, bool autoRemove)
    {
        RestartKind kind = policy?.Name switch
        {
            null or "" or "no" => RestartKind.No,
            "on-failure" => RestartKind.OnFailure,
            "always" => RestartKind.Always,
            "unless-stopped" => RestartKind.UnlessStopped,
            var other => throw ClusterException.Invalid($"invalid restart policy: unknown policy '{other}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"),
        };
        int retries = policy?.MaximumRetryCount ?? 0;
        if (retries < 0)
        {
            throw ClusterException.Invalid("invalid restart policy: maximum retry count cannot be negative");
        }

        if (retries > 0 && kind != RestartKind.OnFailure)
        {
            throw ClusterException.Invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
        }

        if (autoRemove && kind != RestartKind.No)
        {
            throw ClusterException.Invalid("can't create 'AutoRemove' container with restart policy");
        }

        return new StandaloneRestart(kind, retries);
    }

    public static StandaloneEndpoint Endpoint(string network, WireEndpointSettings? settings)
    {
        if (settings?.Links is { Count: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, "NetworkingConfig.Links: links are not supported; containers of one network know each other by name");
        }

        if (settings?.DriverOpts is { Count: > 0 } options)
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"NetworkingConfig.DriverOpts: {options.Keys.First()} is not supported");
        }

        if (settings?.IpamConfig?.IPv6Address is { Length: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, "IPAMConfig.IPv6Address: IPv6 is not supported");
        }

        if (settings?.MacAddress is { Length: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, "MacAddress: it follows from the address and cannot be chosen");
        }

        Ipv4Address? address = null;
        if (settings?.IpamConfig?.IPv4Address is { Length: > 0 } text)
        {
            address = Ipv4Address.TryParse(text, out Ipv4Address parsed) ? parsed : throw ClusterException.Invalid($"invalid endpoint settings: invalid IPv4 address: {text}");
        }

        return new StandaloneEndpoint(network) { Aliases = settings?.Aliases.ToModel() ?? [], Address = address };
    }

    private static ContainerSpec Container(WireContainerCreate body, WireContainerHostConfig host, ImageSettings? image)
    {
        bool clearsEntrypoint = body.Entrypoint is [""];
        List<string> command = clearsEntrypoint ? body.Cmd is { Count: > 0 } ? body.Cmd : [.. image?.Command ?? []] : body.Entrypoint ?? [];
        return new ContainerSpec(body.Image!)
        {
            Labels = (image?.Labels ?? ValueMap<string, string>.Empty).Concat(body.Labels.ToModel()).GroupBy(l => l.Key, StringComparer.Ordinal).ToValueMap(l => l.Key, l => l.Last().Value),
            Command = command.ToValueList(),
            Args = clearsEntrypoint ? [] : body.Cmd.ToModel(),
            Hostname = body.Domainname is { Length: > 0 } domain && body.Hostname is { Length: > 0 } hostname ? $"{hostname}.{domain}" : body.Hostname ?? "",
            Env = body.Env.ToModel(),
            Directory = body.WorkingDir ?? "",
            User = body.User ?? "",
            Groups = host.GroupAdd.ToModel(),
            Privileges = Security(host),
            Tty = body.Tty,
            OpenStdin = body.OpenStdin,
            ReadOnly = host.ReadonlyRootfs,
            StopSignal = body.StopSignal ?? "",
            StopGracePeriod = body.StopTimeout is { } seconds ? Seconds(seconds) : null,
            HealthCheck = body.Healthcheck?.ToModel(),
            Hosts = (host.ExtraHosts ?? []).Select(ExtraHost).ToValueList(),
            Dns = host is { Dns: null or [], DnsSearch: null or [], DnsOptions: null or [] }
                ? null
                : new DnsConfig { Nameservers = host.Dns.ToModel(), Search = host.DnsSearch.ToModel(), Options = host.DnsOptions.ToModel() },
            Init = host.Init,
            Sysctls = host.Sysctls.ToModel(),
            CapabilityAdd = host.CapAdd.ToModel(),
            CapabilityDrop = host.CapDrop.ToModel(),
            Ulimits = (host.Ulimits ?? []).Select(u => new Ulimit(u.Name ?? "", u.Soft, u.Hard)).ToValueList(),
            OomScoreAdj = host.OomScoreAdj,
        };
    }

    private static TimeSpan Seconds(int seconds) => seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    /// <summary>Docker's <c>name:address</c> as /etc/hosts has it.</summary>
    private static string ExtraHost(string text)
    {
        int colon = text.IndexOfAny([':', '=']);
        if (colon <= 0)
        {
            throw ClusterException.Invalid($"bad format for add-host: \"{text}\"");
        }

        string address = text[(colon + 1)..];
        return $"{(address == "host-gateway" ? "172.18.0.1" : address)} {text[..colon]}";
    }

    private static Privileges? Security(WireContainerHostConfig host)
    {
        Privileges privileges = new();
        foreach (string option in host.SecurityOpt ?? [])
        {
            string[] parts = option.Split('=', 2);
            if (parts.Length == 1)
            {
                parts = option.Split(':', 2);
            }

            privileges = (parts[0], parts.Length > 1 ? parts[1] : "") switch
            {
                ("no-new-privileges", "" or "true") => privileges with { NoNewPrivileges = true },
                ("no-new-privileges", "false") => privileges with { NoNewPrivileges = false },
                ("seccomp", "unconfined") => privileges with { SeccompMode = "unconfined" },
                ("seccomp", "builtin" or "default") => privileges with { SeccompMode = "default" },
                ("seccomp", var json) when json.StartsWith('{') => privileges with { SeccompMode = "custom", SeccompProfile = json },
                ("apparmor", "unconfined") => privileges with { AppArmorMode = "disabled" },
                ("label", "disable") => privileges,
                _ => throw new ClusterException(ErrorKind.NotImplemented, $"HostConfig.SecurityOpt: {option} is not supported"),
            };
        }

        return privileges == new Privileges() ? null : privileges;
    }
}
