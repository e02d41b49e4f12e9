namespace Skep.Compose;

/// <summary>Lays one service over another of the same name.</summary>
/// <remarks>What is empty, zero or false never replaces; lists of texts append; command lines replace; keyed lists (ports by
/// published port, mounts by target, files by source) join by key and come out sorted, even where the upper one is absent.</remarks>
internal static class ServiceMerge
{
    public static ComposeService Join(ComposeService under, ComposeService over) => under with
    {
        Build = under.Build is null || over.Build is null ? over.Build ?? under.Build : Build(under.Build, over.Build),
        CapAdd = [.. under.CapAdd, .. over.CapAdd],
        CapDrop = [.. under.CapDrop, .. over.CapDrop],
        CgroupNamespaceMode = Pick(under.CgroupNamespaceMode, over.CgroupNamespaceMode),
        CgroupParent = Pick(under.CgroupParent, over.CgroupParent),
        Command = over.Command.Count > 0 ? over.Command : under.Command,
        Configs = Keyed(under.Configs, over.Configs, static file => file.Source, StringComparer.Ordinal),
        ContainerName = Pick(under.ContainerName, over.ContainerName),
        CredentialSpec = new ComposeCredentialSpec
        {
            Config = Pick(under.CredentialSpec.Config, over.CredentialSpec.Config),
            File = Pick(under.CredentialSpec.File, over.CredentialSpec.File),
            Registry = Pick(under.CredentialSpec.Registry, over.CredentialSpec.Registry),
        },
        DependsOn = [.. under.DependsOn, .. over.DependsOn],
        Deploy = DeployMerge.Join(under.Deploy, over.Deploy),
        Devices = [.. under.Devices, .. over.Devices],
        Dns = [.. under.Dns, .. over.Dns],
        DnsSearch = [.. under.DnsSearch, .. over.DnsSearch],
        DomainName = Pick(under.DomainName, over.DomainName),
        Entrypoint = over.Entrypoint.Count > 0 ? over.Entrypoint : under.Entrypoint,
        Environment = Environment(under.Environment, over.Environment),
        EnvFile = [.. under.EnvFile, .. over.EnvFile],
        Expose = [.. under.Expose, .. over.Expose],
        ExternalLinks = [.. under.ExternalLinks, .. over.ExternalLinks],
        ExtraHosts = [.. under.ExtraHosts, .. over.ExtraHosts],
        Hostname = Pick(under.Hostname, over.Hostname),
        Healthcheck = under.Healthcheck is null || over.Healthcheck is null
            ? over.Healthcheck ?? under.Healthcheck
            : Healthcheck(under.Healthcheck, over.Healthcheck),
        Image = Pick(under.Image, over.Image),
        Init = over.Init is true ? true : under.Init ?? over.Init,
        Ipc = Pick(under.Ipc, over.Ipc),
        Isolation = Pick(under.Isolation, over.Isolation),
        Labels = Maps.Join(under.Labels, over.Labels),
        Links = [.. under.Links, .. over.Links],
        Logging = under.Logging is null || over.Logging is null ? over.Logging ?? under.Logging : Logging(under.Logging, over.Logging),
        MacAddress = Pick(under.MacAddress, over.MacAddress),
        NetworkMode = Pick(under.NetworkMode, over.NetworkMode),
        Networks = Networks(under.Networks, over.Networks),
        Pid = Pick(under.Pid, over.Pid),
        Ports = Keyed(under.Ports, over.Ports, static port => port.Published, Comparer<uint>.Default),
        Privileged = under.Privileged || over.Privileged,
        ReadOnly = under.ReadOnly || over.ReadOnly,
        Restart = Pick(under.Restart, over.Restart),
        Secrets = Keyed(under.Secrets, over.Secrets, static file => file.Source, StringComparer.Ordinal),
        SecurityOpt = [.. under.SecurityOpt, .. over.SecurityOpt],
        ShmSize = Pick(under.ShmSize, over.ShmSize),
        StdinOpen = under.StdinOpen || over.StdinOpen,
        StopGracePeriod = DeployMerge.Pick(under.StopGracePeriod, over.StopGracePeriod),
        StopSignal = Pick(under.StopSignal, over.StopSignal),
        Sysctls = Maps.Join(under.Sysctls, over.Sysctls),
        Tmpfs = [.. under.Tmpfs, .. over.Tmpfs],
        Tty = under.Tty || over.Tty,
        Ulimits = Maps.Join(under.Ulimits, over.Ulimits),
        User = Pick(under.User, over.User),
        UserNamespaceMode = Pick(under.UserNamespaceMode, over.UserNamespaceMode),
        Volumes = Keyed(under.Volumes, over.Volumes, static mount => mount.Target, StringComparer.Ordinal),
        WorkingDir = Pick(under.WorkingDir, over.WorkingDir),
        Extensions = ExtensionMerge.Join(under.Extensions, over.Extensions),
    };

    public static string Pick(string under, string over) => over.Length > 0 ? over : under;

    private static IReadOnlyList<T> Keyed<T, TKey>(IReadOnlyList<T> under, IReadOnlyList<T> over, Func<T, TKey> key, IComparer<TKey> order)
        where TKey : notnull
    {
        if (under.Count == 0)
        {
            return over;
        }

        SortedDictionary<TKey, T> byKey = new(order);
        foreach (T entry in under.Concat(over))
        {
            byKey[key(entry)] = entry;
        }

        return [.. byKey.Values];
    }

    private static ComposeBuild Build(ComposeBuild under, ComposeBuild over) => new()
    {
        Context = Pick(under.Context, over.Context),
        Dockerfile = Pick(under.Dockerfile, over.Dockerfile),
        Args = Environment(under.Args, over.Args),
        Labels = Maps.Join(under.Labels, over.Labels),
        CacheFrom = [.. under.CacheFrom, .. over.CacheFrom],
        ExtraHosts = [.. under.ExtraHosts, .. over.ExtraHosts],
        Network = Pick(under.Network, over.Network),
        Target = Pick(under.Target, over.Target),
    };

    private static ComposeHealthcheck Healthcheck(ComposeHealthcheck under, ComposeHealthcheck over) => new()
    {
        Test = [.. under.Test, .. over.Test],
        Timeout = DeployMerge.Pick(under.Timeout, over.Timeout),
        Interval = DeployMerge.Pick(under.Interval, over.Interval),
        Retries = over.Retries ?? under.Retries,
        StartPeriod = DeployMerge.Pick(under.StartPeriod, over.StartPeriod),
        StartInterval = DeployMerge.Pick(under.StartInterval, over.StartInterval),
        Disable = under.Disable || over.Disable,
    };

    private static ComposeLogging Logging(ComposeLogging under, ComposeLogging over)
    {
        if (under.Driver.Length > 0 && over.Driver.Length > 0 && under.Driver != over.Driver)
        {
            return over;
        }

        return new ComposeLogging
        {
            Driver = Pick(over.Driver, under.Driver),
            Options = under.Options.Count == 0 ? under.Options : Maps.Join(under.Options, over.Options),
        };
    }

    private static SortedDictionary<string, string?> Environment(
        IReadOnlyDictionary<string, string?> under, IReadOnlyDictionary<string, string?> over)
    {
        SortedDictionary<string, string?> joined = Maps.New<string?>();
        foreach ((string key, string? value) in under)
        {
            joined[key] = value;
        }

        foreach ((string key, string? value) in over)
        {
            if (!string.IsNullOrEmpty(value) || string.IsNullOrEmpty(joined.GetValueOrDefault(key)))
            {
                joined[key] = value;
            }
        }

        return joined;
    }

    private static SortedDictionary<string, ComposeServiceNetwork?> Networks(
        IReadOnlyDictionary<string, ComposeServiceNetwork?> under, IReadOnlyDictionary<string, ComposeServiceNetwork?> over)
    {
        SortedDictionary<string, ComposeServiceNetwork?> joined = Maps.New<ComposeServiceNetwork?>();
        foreach ((string key, ComposeServiceNetwork? network) in under)
        {
            joined[key] = network;
        }

        foreach ((string key, ComposeServiceNetwork? network) in over)
        {
            joined[key] = joined.GetValueOrDefault(key) is not { } first || network is null
                ? network ?? joined.GetValueOrDefault(key)
                : first with
                {
                    Aliases = network.Aliases,
                    Ipv4Address = Pick(first.Ipv4Address, network.Ipv4Address),
                    Ipv6Address = Pick(first.Ipv6Address, network.Ipv6Address),
                };
        }

        return joined;
    }
}
