using System.Globalization;

namespace Skep.Compose;

/// <summary>Reads one checked service of one file.</summary>
internal sealed class ServiceReader(LoadContext context)
{
    public ComposeService Read(string name, ComposeValue.Mapping map)
    {
        ValueDecoder decode = new();
        ComposeService service = Fields(name, map, decode);
        service = service with
        {
            Deploy = DeployReader.Read(map["deploy"], decode),
            Healthcheck = Healthcheck(map["healthcheck"], decode),
            Build = Build(map["build"], decode),
            Logging = Logging(map["logging"], decode),
            CredentialSpec = CredentialSpec(map["credential_spec"], decode),
            Networks = Networks(map["networks"], decode),
            Ports = Ports(map["ports"], decode),
            Volumes = Mounts(map["volumes"], decode),
            Configs = FileReferences(map["configs"], "Configs", decode),
            Secrets = FileReferences(map["secrets"], "Secrets", decode),
            Ulimits = Ulimits(map["ulimits"], decode),
        };
        decode.Finish();
        if (map["oom_score_adj"] is not null)
        {
            // Docker's loader looks for the key under another name and so never finds it.
            context.Warnings.Add($"service {name}: oom_score_adj has no effect in a stack");
        }

        return service with
        {
            Environment = Environment(map, service),
            Volumes = [.. service.Volumes.Select(mount => Resolve(mount, map["volumes"]))],
            Extensions = ValueDecoder.Extensions(map),
        };
    }

    private static ComposeService Fields(string name, ComposeValue.Mapping map, ValueDecoder decode) => new()
    {
        Name = name,
        CapAdd = decode.Texts(map["cap_add"], "cap_add"),
        CapDrop = decode.Texts(map["cap_drop"], "cap_drop"),
        CgroupNamespaceMode = decode.Text(map["cgroupns_mode"], "cgroupns_mode"),
        CgroupParent = decode.Text(map["cgroup_parent"], "cgroup_parent"),
        Command = decode.Command(map["command"], "Command"),
        ContainerName = decode.Text(map["container_name"], "container_name"),
        DependsOn = decode.Texts(map["depends_on"], "depends_on"),
        Devices = decode.Texts(map["devices"], "Devices"),
        Dns = decode.TextOrTexts(map["dns"], "DNS"),
        DnsSearch = decode.TextOrTexts(map["dns_search"], "dns_search"),
        DomainName = decode.Text(map["domainname"], "domainname"),
        Entrypoint = decode.Command(map["entrypoint"], "Entrypoint"),
        EnvFile = decode.TextOrTexts(map["env_file"], "env_file"),
        Expose = [.. ValueDecoder.Items(map["expose"]).Select(GoText.Of)],
        ExternalLinks = decode.Texts(map["external_links"], "external_links"),
        ExtraHosts = Hosts(map["extra_hosts"]),
        Hostname = decode.Text(map["hostname"], "Hostname"),
        Image = decode.Text(map["image"], "Image"),
        Init = map["init"] is ComposeValue.Bool init ? init.Value : null,
        Ipc = decode.Text(map["ipc"], "Ipc"),
        Isolation = decode.Text(map["isolation"], "isolation"),
        Labels = ValueDecoder.Map(map["labels"]),
        Links = decode.Texts(map["links"], "Links"),
        MacAddress = decode.Text(map["mac_address"], "mac_address"),
        NetworkMode = decode.Text(map["network_mode"], "network_mode"),
        Pid = decode.Text(map["pid"], "Pid"),
        Privileged = decode.Flag(map["privileged"], "Privileged"),
        ReadOnly = decode.Flag(map["read_only"], "read_only"),
        Restart = decode.Text(map["restart"], "Restart"),
        SecurityOpt = decode.Texts(map["security_opt"], "security_opt"),
        ShmSize = decode.Text(map["shm_size"], "shm_size"),
        StdinOpen = decode.Flag(map["stdin_open"], "stdin_open"),
        StopGracePeriod = decode.Duration(map["stop_grace_period"], "stop_grace_period"),
        StopSignal = decode.Text(map["stop_signal"], "stop_signal"),
        Sysctls = ValueDecoder.Map(map["sysctls"]),
        Tmpfs = decode.TextOrTexts(map["tmpfs"], "Tmpfs"),
        Tty = decode.Flag(map["tty"], "tty"),
        User = decode.Text(map["user"], "User"),
        UserNamespaceMode = decode.Text(map["userns_mode"], "userns_mode"),
        WorkingDir = decode.Text(map["working_dir"], "working_dir"),
    };

    private static ComposeHealthcheck? Healthcheck(ComposeValue? value, ValueDecoder decode) => value is not ComposeValue.Mapping map ? null : new()
    {
        Test = map["test"] is ComposeValue.Text line ? ["CMD-SHELL", line.Value] : decode.Texts(map["test"], "HealthCheck.Test"),
        Timeout = decode.Duration(map["timeout"], "HealthCheck.Timeout"),
        Interval = decode.Duration(map["interval"], "HealthCheck.Interval"),
        Retries = decode.Count(map["retries"], "HealthCheck.Retries"),
        StartPeriod = decode.Duration(map["start_period"], "HealthCheck.start_period"),
        StartInterval = decode.Duration(map["start_interval"], "HealthCheck.start_interval"),
        Disable = decode.Flag(map["disable"], "HealthCheck.Disable"),
    };

    private static ComposeBuild? Build(ComposeValue? value, ValueDecoder decode)
    {
        if (value is ComposeValue.Text context)
        {
            return context.Value.Length == 0 ? null : new ComposeBuild { Context = context.Value };
        }

        return value is not ComposeValue.Mapping map ? null : new ComposeBuild
        {
            Context = decode.Text(map["context"], "Build.Context"),
            Dockerfile = decode.Text(map["dockerfile"], "Build.Dockerfile"),
            Args = ValueDecoder.MapWithBareNames(map["args"]),
            Labels = ValueDecoder.Map(map["labels"]),
            CacheFrom = decode.TextOrTexts(map["cache_from"], "Build.cache_from"),
            ExtraHosts = Hosts(map["extra_hosts"]),
            Network = decode.Text(map["network"], "Build.Network"),
            Target = decode.Text(map["target"], "Build.Target"),
        };
    }

    private static ComposeLogging? Logging(ComposeValue? value, ValueDecoder decode) => value is not ComposeValue.Mapping map ? null : new()
    {
        Driver = decode.Text(map["driver"], "Logging.Driver"),
        Options = ValueDecoder.Map(map["options"]),
    };

    private static ComposeCredentialSpec CredentialSpec(ComposeValue? value, ValueDecoder decode) => value is not ComposeValue.Mapping map ? new() : new()
    {
        Config = decode.Text(map["config"], "credential_spec.Config"),
        File = decode.Text(map["file"], "credential_spec.File"),
        Registry = decode.Text(map["registry"], "credential_spec.Registry"),
    };

    private static SortedDictionary<string, ComposeServiceNetwork?> Networks(ComposeValue? value, ValueDecoder decode)
    {
        SortedDictionary<string, ComposeServiceNetwork?> networks = Maps.New<ComposeServiceNetwork?>();
        foreach (ComposeValue item in ValueDecoder.Items(value))
        {
            networks[decode.Text(item, "Networks")] = null;
        }

        foreach ((string key, ComposeValue entry) in ValueDecoder.Entries(value))
        {
            networks[key] = entry is not ComposeValue.Mapping map ? null : new ComposeServiceNetwork
            {
                Aliases = decode.Texts(map["aliases"], $"Networks[{key}].Aliases"),
                DriverOpts = ValueDecoder.Map(map["driver_opts"]),
                Ipv4Address = decode.Text(map["ipv4_address"], $"Networks[{key}].ipv4_address"),
                Ipv6Address = decode.Text(map["ipv6_address"], $"Networks[{key}].ipv6_address"),
            };
        }

        return networks;
    }

    private List<ComposePort> Ports(ComposeValue? value, ValueDecoder decode)
    {
        List<ComposePort> ports = [];
        foreach (ComposeValue item in ValueDecoder.Items(value))
        {
            if (item is ComposeValue.Mapping map)
            {
                ports.Add(new ComposePort
                {
                    Mode = decode.Text(map["mode"], "Ports.Mode"),
                    Target = (uint)(decode.Count(map["target"], "Ports.Target") ?? 0),
                    Published = (uint)(decode.Count(map["published"], "Ports.Published") ?? 0),
                    Protocol = decode.Text(map["protocol"], "Ports.Protocol"),
                });
            }
            else if (item is ComposeValue.Text or ComposeValue.Whole && PortSpec.TryParse(GoText.Of(item), context.Warnings) is { } short_)
            {
                ports.AddRange(short_);
            }
            else
            {
                decode.Fault($"invalid type {GoText.TypeOf(item)} for port", item, "Ports");
            }
        }

        return ports;
    }

    private static List<ComposeMount> Mounts(ComposeValue? value, ValueDecoder decode)
    {
        List<ComposeMount> mounts = [];
        foreach (ComposeValue item in ValueDecoder.Items(value))
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"Volumes[{mounts.Count}]");
            if (item is ComposeValue.Mapping map)
            {
                mounts.Add(new ComposeMount
                {
                    Type = decode.Text(map["type"], $"{path}.Type"),
                    Source = decode.Text(map["source"], $"{path}.Source"),
                    Target = decode.Text(map["target"], $"{path}.Target"),
                    ReadOnly = decode.Flag(map["read_only"], $"{path}.read_only"),
                    Consistency = decode.Text(map["consistency"], $"{path}.Consistency"),
                    Bind = map["bind"] is ComposeValue.Mapping bind
                        ? new ComposeBindOptions(decode.Text(bind["propagation"], $"{path}.Bind.Propagation"))
                        : null,
                    Volume = map["volume"] is ComposeValue.Mapping volume
                        ? new ComposeVolumeOptions(
                            decode.Flag(volume["nocopy"], $"{path}.Volume.nocopy"), decode.Text(volume["subpath"], $"{path}.Volume.subpath"))
                        : null,
                    Tmpfs = map["tmpfs"] is ComposeValue.Mapping tmpfs
                        ? new ComposeTmpfsOptions(decode.Whole(tmpfs["size"], $"{path}.Tmpfs.Size"))
                        : null,
                });
                continue;
            }

            mounts.Add(MountSpec.Parse(GoText.Of(item), out string? fault));
            decode.Fault(fault, item, path);
        }

        return mounts;
    }

    private static List<ComposeFileReference> FileReferences(ComposeValue? value, string field, ValueDecoder decode)
    {
        List<ComposeFileReference> references = [];
        foreach (ComposeValue item in ValueDecoder.Items(value))
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{field}[{references.Count}]");
            references.Add(item is not ComposeValue.Mapping map ? new() { Source = decode.Text(item, path) } : new()
            {
                Source = decode.Text(map["source"], $"{path}.Source"),
                Target = decode.Text(map["target"], $"{path}.Target"),
                Uid = decode.Text(map["uid"], $"{path}.UID"),
                Gid = decode.Text(map["gid"], $"{path}.GID"),
                Mode = (uint?)decode.Count(map["mode"], $"{path}.Mode"),
            });
        }

        return references;
    }

    private static SortedDictionary<string, ComposeUlimit> Ulimits(ComposeValue? value, ValueDecoder decode)
    {
        SortedDictionary<string, ComposeUlimit> ulimits = Maps.New<ComposeUlimit>();
        foreach ((string key, ComposeValue entry) in ValueDecoder.Entries(value))
        {
            ulimits[key] = entry is ComposeValue.Mapping map
                ? new ComposeUlimit(0, decode.Whole(map["soft"], $"Ulimits[{key}].Soft"), decode.Whole(map["hard"], $"Ulimits[{key}].Hard"))
                : new ComposeUlimit(decode.Whole(entry, $"Ulimits[{key}]"), 0, 0);
        }

        return ulimits;
    }

    /// <summary><c>host:address</c> from a mapping (sorted), or from a list of <c>host=address</c> or <c>host:address</c>.</summary>
    private static List<string> Hosts(ComposeValue? value)
    {
        List<string> hosts = [.. ValueDecoder.Entries(value)
            .Where(static entry => entry.Value is not ComposeValue.Null)
            .Select(static entry => $"{entry.Key}:{GoText.Of(entry.Value)}")
            .Order(StringComparer.Ordinal)];
        foreach (ComposeValue item in ValueDecoder.Items(value))
        {
            string text = GoText.Of(item);
            int split = text.IndexOf('=', StringComparison.Ordinal);
            split = split < 0 ? text.IndexOf(':', StringComparison.Ordinal) : split;
            if (split >= 0)
            {
                hosts.Add($"{text[..split]}:{text[(split + 1)..]}");
            }
        }

        return [.. hosts.Select(static host =>
        {
            int split = host.IndexOf(':', StringComparison.Ordinal);
            string address = host[(split + 1)..];
            return address.Length > 2 && address[0] == '[' && address[^1] == ']' ? $"{host[..split]}:{address[1..^1]}" : host;
        })];
    }

    private SortedDictionary<string, string?> Environment(ComposeValue.Mapping map, ComposeService service)
    {
        SortedDictionary<string, string?> environment = Maps.New<string?>();
        Dictionary<string, string?> fromFiles = new(StringComparer.Ordinal);
        foreach (string file in service.EnvFile)
        {
            EnvFile.Read(Files.Absolute(context.Folder, file), context.ReadFile, context.Environment, fromFiles, map["env_file"]?.Where);
        }

        foreach ((string key, string? value) in fromFiles.Concat(ValueDecoder.MapWithBareNames(map["environment"])))
        {
            environment[key] = string.IsNullOrEmpty(value) && context.Environment.TryGetValue(key, out string? given) ? given : value;
        }

        return environment;
    }

    private ComposeMount Resolve(ComposeMount mount, ComposeValue? where)
    {
        if (mount.Type != "bind")
        {
            return mount;
        }

        return mount.Source.Length == 0
            ? throw new ComposeException("invalid mount config for type \"bind\": field Source must not be empty", where?.Where)
            : mount with { Source = Files.BindSource(mount.Source, context.Folder, context.Environment, context.Warnings) };
    }
}
