using System.Globalization;
using System.Text.Json;
using Skep.Cli.Objects;
using Skep.Cli.Parsing;
using Skep.Cli.Services;
using Skep.Cli.Services.Values;
using Skep.Wire;
using static Skep.Cli.Containers.ContainerFlags;

namespace Skep.Cli.Containers;

/// <summary>The flags of <c>create</c> and <c>run</c> as the body that the daemon is sent.</summary>
internal static class ContainerCreateBody
{
    /// <exception cref="CliException">Flags contradict each other, or name a file that cannot be read.</exception>
    public static WireContainerCreate From(Invocation call)
    {
        try
        {
            return Read(call);
        }
        catch (FormatException wrong)
        {
            throw new CliException(wrong.Message);
        }
    }

    private static WireContainerCreate Read(Invocation call)
    {
        string pull = call.Get(Pull);
        if (pull is not ("always" or "missing" or "never" or ""))
        {
            throw new CliException($"invalid pull option: '{pull}': must be one of \"always\", \"missing\" or \"never\"");
        }

        string[] streams = call.All(Attach);
        bool isInteractive = call.Get(Interactive);
        bool attachesInput = streams.Length == 0 ? isInteractive : streams.Contains("stdin");
        (List<string> binds, Dictionary<string, WireEmpty> volumes) = Volumes(call);
        return new WireContainerCreate
        {
            Image = call.Arguments[0],
            Cmd = call.Arguments.Length > 1 ? [.. call.Arguments[1..]] : null,
            Entrypoint = !call.Given(Entrypoint) ? null : [call.Get(Entrypoint)],
            Hostname = Text(call, Hostname),
            Domainname = Text(call, Domainname),
            User = Text(call, User),
            WorkingDir = Text(call, Workdir),
            Env = [.. SmallValues.Environment(call.Terminal, call.All(EnvFile), call.All(Env)).Where(static variable => variable.Contains('=', StringComparison.Ordinal))],
            Labels = Labels(call),
            Tty = call.Get(Tty),
            OpenStdin = isInteractive,
            StdinOnce = isInteractive && attachesInput,
            AttachStdin = attachesInput,
            AttachStdout = streams.Length == 0 || streams.Contains("stdout"),
            AttachStderr = streams.Length == 0 || streams.Contains("stderr"),
            ExposedPorts = Exposed(call),
            Volumes = volumes.Count > 0 ? volumes : null,
            Healthcheck = ServiceEdits.Healthcheck(call, null),
            StopSignal = Text(call, StopSignal),
            StopTimeout = (int?)call.Get(StopTimeout),
            MacAddress = Text(call, ContainerFlags.MacAddress),
            HostConfig = Host(call, binds),
            NetworkingConfig = Networking(call),
        };
    }

    private static WireContainerHostConfig Host(Invocation call, List<string> binds)
    {
        string[] security = [.. call.All(SecurityOpt).Select(option => Security(call, option))];
        bool unmasked = security.Contains("systempaths=unconfined");
        return new WireContainerHostConfig
        {
            Binds = binds.Count > 0 ? binds : null,
            ContainerIdFile = Text(call, CidFile),
            LogConfig = new WireDriverConfig(call.Get(LogDriver), LabelFormat.Map(call.All(LogOpt))),
            NetworkMode = Networks(call) is [var first, ..] ? first.Name : "default",
            PortBindings = Bindings(call),
            PublishAllPorts = call.Get(PublishAll),
            RestartPolicy = PublishValue.Restart(call.Get(Restart)),
            AutoRemove = call.Get(Remove),
            VolumeDriver = Text(call, VolumeDriver),
            VolumesFrom = List(call.All(VolumesFrom)),
            ConsoleSize = call.Terminal.Size is { } size ? [size.Rows, size.Columns] : [0, 0],
            Annotations = Map(call, Annotation),
            CapAdd = List(call.All(CapAdd)),
            CapDrop = List(call.All(CapDrop)),
            CgroupnsMode = Text(call, Cgroupns),
            CgroupParent = Text(call, CgroupParent),
            Dns = List(call.All(Dns)),
            DnsOptions = List([.. call.All(DnsOption), .. call.All(DnsOpt)]),
            DnsSearch = List(call.All(DnsSearch)),
            ExtraHosts = List(call.All(AddHost)),
            GroupAdd = List(call.All(GroupAdd)),
            IpcMode = Text(call, Ipc),
            PidMode = Text(call, Pid),
            UtsMode = Text(call, Uts),
            UsernsMode = Text(call, Userns),
            Links = List(call.All(Link)),
            OomScoreAdj = (int)(call.Get(OomScoreAdj) ?? 0),
            OomKillDisable = call.Given(OomKillDisable) ? call.Get(OomKillDisable) : null,
            Privileged = call.Get(Privileged),
            ReadonlyRootfs = call.Get(ReadOnly),
            SecurityOpt = List([.. security.Where(static option => option != "systempaths=unconfined")]),
            MaskedPaths = unmasked ? [] : null,
            ReadonlyPaths = unmasked ? [] : null,
            StorageOpt = Map(call, StorageOpt),
            Tmpfs = TmpfsOf(call),
            ShmSize = call.Get(ShmSize) ?? 0,
            Sysctls = Map(call, Sysctl),
            Runtime = Text(call, Runtime),
            Isolation = Text(call, Isolation),
            CpuShares = call.Get(CpuShares) ?? 0,
            Memory = call.Get(Memory) ?? 0,
            NanoCpus = call.Get(Cpus) ?? 0,
            BlkioWeight = (int)(call.Get(BlkioWeight) ?? 0),
            CpuPeriod = call.Get(CpuPeriod) ?? 0,
            CpuQuota = call.Get(CpuQuota) ?? 0,
            CpuRealtimePeriod = call.Get(CpuRealtimePeriod) ?? 0,
            CpuRealtimeRuntime = call.Get(CpuRealtimeRuntime) ?? 0,
            CpusetCpus = Text(call, CpusetCpus),
            CpusetMems = Text(call, CpusetMems),
            Devices = call.All(Device) is { Length: > 0 } devices ? [.. devices] : null,
            DeviceCgroupRules = List(call.All(DeviceCgroupRule)),
            DeviceRequests = call.Given(Gpus) ? [GpuRequest(call.Get(Gpus))] : null,
            MemoryReservation = call.Get(MemoryReservation) ?? 0,
            MemorySwap = call.Get(MemorySwap) ?? 0,
            MemorySwappiness = call.Get(MemorySwappiness) is { } swappiness ? swappiness is >= -1 and <= 100 ? swappiness : throw new CliException($"invalid value: {swappiness}. Valid memory swappiness range is 0-100") : -1,
            PidsLimit = call.Get(PidsLimit),
            Ulimits = call.All(Ulimit) is { Length: > 0 } ulimits ? [.. ulimits.OrderBy(static limit => limit.Name, StringComparer.Ordinal)] : null,
            Mounts = call.All(Mount) is { Length: > 0 } mounts ? [.. mounts] : null,
            Init = call.Given(Init) ? call.Get(Init) : null,
        };
    }

    private static NetworkAttachmentOption[] Networks(Invocation call) => [.. call.All(Network), .. call.All(Net)];

    /// <summary>Every network but one that is only named; aliases and addresses of flags of their own belong to the first.</summary>
    private static WireNetworkingConfig? Networking(Invocation call)
    {
        NetworkAttachmentOption[] wishes = Networks(call);
        bool hasOwn = call.Given(NetworkAlias) || call.Given(Ip) || call.Given(Ip6);
        if (hasOwn || (wishes.Length == 1 && wishes[0].Settings != new WireEndpointSettings()))
        {
            wishes = wishes.Length == 0 ? [new NetworkAttachmentOption("default")] : wishes;
            WireEndpointSettings first = wishes[0].Settings;
            if (call.Given(Ip) || call.Given(Ip6))
            {
                first = first with { IpamConfig = (first.IpamConfig ?? new WireEndpointIpam()) with { IPv4Address = Text(call, Ip) ?? first.IpamConfig?.IPv4Address, IPv6Address = Text(call, Ip6) ?? first.IpamConfig?.IPv6Address } };
            }

            wishes[0] = wishes[0] with { Settings = first with { Aliases = List([.. first.Aliases ?? [], .. call.All(NetworkAlias)]) } };
        }
        else if (wishes.Length < 2)
        {
            return null;
        }

        Dictionary<string, WireEndpointSettings?> endpoints = new(StringComparer.Ordinal);
        foreach (NetworkAttachmentOption wish in wishes)
        {
            if (!endpoints.TryAdd(wish.Name, wish.Settings))
            {
                throw new CliException($"network \"{wish.Name}\" is specified multiple times");
            }
        }

        return new WireNetworkingConfig { EndpointsConfig = endpoints };
    }

    private static Dictionary<string, List<WirePortBinding>?>? Bindings(Invocation call)
    {
        Dictionary<string, List<WirePortBinding>?> bindings = new(StringComparer.Ordinal);
        foreach (PublishValue.Binding binding in call.All(Publish).SelectMany(PublishValue.Read))
        {
            bindings[binding.Port] = [.. bindings.GetValueOrDefault(binding.Port) ?? [], binding.Host];
        }

        return bindings.Count > 0 ? bindings : null;
    }

    private static Dictionary<string, WireEmpty>? Exposed(Invocation call)
    {
        Dictionary<string, WireEmpty> ports = new(StringComparer.Ordinal);
        foreach (string port in call.All(Publish).SelectMany(PublishValue.Read).Select(static binding => binding.Port).Concat(call.All(Expose).SelectMany(PublishValue.Exposed)))
        {
            ports[port] = new WireEmpty();
        }

        return ports.Count > 0 ? ports : null;
    }

    /// <summary>With a source a bind or a named volume, without one a path that gets a volume of its own.</summary>
    private static (List<string> Binds, Dictionary<string, WireEmpty> Volumes) Volumes(Invocation call)
    {
        List<string> binds = [];
        Dictionary<string, WireEmpty> volumes = new(StringComparer.Ordinal);
        foreach (string text in call.All(Volume))
        {
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                volumes[text.StartsWith('/') ? text : throw new CliException($"invalid volume specification: '{text}': invalid mount path: '{text}' mount path must be absolute")] = new WireEmpty();
            }
            else
            {
                binds.Add(text[0] == '.' ? Path.GetFullPath(text[..colon], call.Terminal.CurrentDirectory) + text[colon..] : text);
            }
        }

        return (binds, volumes);
    }

    private static Dictionary<string, string>? TmpfsOf(Invocation call)
    {
        Dictionary<string, string> mounts = new(StringComparer.Ordinal);
        foreach (string text in call.All(Tmpfs))
        {
            int colon = text.IndexOf(':', StringComparison.Ordinal);
            mounts[colon < 0 ? text : text[..colon]] = colon < 0 ? "" : text[(colon + 1)..];
        }

        return mounts.Count > 0 ? mounts : null;
    }

    private static Dictionary<string, string> Labels(Invocation call)
    {
        IEnumerable<string> lines = call.All(LabelFile).SelectMany(file => SmallValues.Lines(call.Terminal, file));
        return LabelFormat.Map(lines.Concat(call.All(Label)).Select(GoValues.Pair));
    }

    /// <summary>A seccomp profile is a file of the client's.</summary>
    private static string Security(Invocation call, string option)
    {
        (string name, string value) = GoValues.Pair(option);
        if (name != "seccomp" || value is "" or "unconfined" or "builtin" or "default")
        {
            return option;
        }

        try
        {
            return $"seccomp={File.ReadAllText(Path.GetFullPath(value, call.Terminal.CurrentDirectory))}";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"opening seccomp profile ({value}) failed: {(failure is FileNotFoundException ? "no such file or directory" : failure.Message)}");
        }
    }

    private static JsonElement GpuRequest(string text)
    {
        string count = text == "all" ? "-1" : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number.ToString(CultureInfo.InvariantCulture) : throw new CliException($"invalid argument \"{text}\" for \"--gpus\" flag: a number or 'all'");
        using JsonDocument request = JsonDocument.Parse($$"""{"Driver":"","Count":{{count}},"Capabilities":[["gpu"]]}""");
        return request.RootElement.Clone();
    }

    private static string? Text(Invocation call, Flag<string> flag) => call.Get(flag) is { Length: > 0 } text ? text : null;

    private static List<string>? List(string[] items) => items.Length > 0 ? [.. items] : null;

    private static Dictionary<string, string>? Map(Invocation call, ListFlag<KeyValuePair<string, string>> flag) => call.Given(flag) ? LabelFormat.Map(call.All(flag)) : null;
}
