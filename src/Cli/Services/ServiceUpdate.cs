using Skep.Cli.Engine;
using Skep.Cli.Images;
using Skep.Cli.Parsing;
using Skep.Cli.Services.Values;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary><c>service update</c>.</summary>
internal static class ServiceUpdate
{
    private static readonly Flag<string> Image = Flag.Text("image", "Service image tag");
    private static readonly Flag<string> Args = Flag.Text("args", "Service command args", valueName: "command");
    private static readonly Flag<bool> Rollback = Flag.Switch("rollback", "Rollback to previous specification");
    private static readonly Flag<bool> Force = Flag.Switch("force", "Force update even if no changes require it");
    private static readonly ListFlag<KeyValuePair<string, string>> LabelAdd = Flag.List("label-add", "Add or update a service label", GoValues.Pair);
    private static readonly ListFlag<string> LabelRemove = Flag.List("label-rm", "Remove a label by its key");
    private static readonly ListFlag<KeyValuePair<string, string>> ContainerLabelAdd = Flag.List("container-label-add", "Add or update a container label", GoValues.Pair);
    private static readonly ListFlag<string> ContainerLabelRemove = Flag.List("container-label-rm", "Remove a container label by its key");
    private static readonly ListFlag<string> EnvAdd = Flag.List("env-add", "Add or update an environment variable");
    private static readonly ListFlag<string> EnvRemove = Flag.List("env-rm", "Remove an environment variable");
    private static readonly ListFlag<WireMount> MountAdd = Flag.List("mount-add", "Add or update a mount on a service", MountValue.Read, valueName: "mount");
    private static readonly ListFlag<string> MountRemove = Flag.List("mount-rm", "Remove a mount by its target path");
    private static readonly ListFlag<string> ConstraintAdd = Flag.List("constraint-add", "Add or update a placement constraint");
    private static readonly ListFlag<string> ConstraintRemove = Flag.List("constraint-rm", "Remove a constraint");
    private static readonly ListFlag<WirePlacementPreference> PreferenceAdd = Flag.List("placement-pref-add", "Add a placement preference", SmallValues.Preference, valueName: "pref");
    private static readonly ListFlag<WirePlacementPreference> PreferenceRemove = Flag.List("placement-pref-rm", "Remove a placement preference", SmallValues.Preference, valueName: "pref");
    private static readonly ListFlag<WireNetworkAttachmentConfig> NetworkAdd = Flag.List("network-add", "Add a network", SmallValues.Network, valueName: "network");
    private static readonly ListFlag<string> NetworkRemove = Flag.List("network-rm", "Remove a network");
    private static readonly ListFlag<FileValue> SecretAdd = Flag.List("secret-add", "Add or update a secret on a service", FileValue.Read, valueName: "secret");
    private static readonly ListFlag<string> SecretRemove = Flag.List("secret-rm", "Remove a secret");
    private static readonly ListFlag<FileValue> ConfigAdd = Flag.List("config-add", "Add or update a config file on a service", FileValue.Read, valueName: "config");
    private static readonly ListFlag<string> ConfigRemove = Flag.List("config-rm", "Remove a configuration file");
    private static readonly ListFlag<List<WirePort>> PublishAdd = Flag.List("publish-add", "Add or update a published port", PortValue.Read, valueName: "port");
    private static readonly ListFlag<(long Target, string? Protocol, long? Published)> PublishRemove = Flag.List("publish-rm", "Remove a published port by its target port", PortValue.ReadRemoval, valueName: "port");
    private static readonly ListFlag<string> GroupAdd = Flag.List("group-add", "Add an additional supplementary user group to the container");
    private static readonly ListFlag<string> GroupRemove = Flag.List("group-rm", "Remove a previously added supplementary user group from the container");
    private static readonly ListFlag<string> DnsAdd = Flag.List("dns-add", "Add or update a custom DNS server");
    private static readonly ListFlag<string> DnsRemove = Flag.List("dns-rm", "Remove a custom DNS server");
    private static readonly ListFlag<string> DnsOptionAdd = Flag.List("dns-option-add", "Add or update a DNS option");
    private static readonly ListFlag<string> DnsOptionRemove = Flag.List("dns-option-rm", "Remove a DNS option");
    private static readonly ListFlag<string> DnsSearchAdd = Flag.List("dns-search-add", "Add or update a custom DNS search domain");
    private static readonly ListFlag<string> DnsSearchRemove = Flag.List("dns-search-rm", "Remove a DNS search domain");
    private static readonly ListFlag<string> HostAdd = Flag.List("host-add", "Add a custom host-to-IP mapping (\"host:ip\")", SmallValues.Host);
    private static readonly ListFlag<string> HostRemove = Flag.List("host-rm", "Remove a custom host-to-IP mapping (\"host:ip\")");
    private static readonly ListFlag<WireGenericResource> GenericAdd = Flag.List("generic-resource-add", "Add a Generic resource", SmallValues.Generic);
    private static readonly ListFlag<string> GenericRemove = Flag.List("generic-resource-rm", "Remove a Generic resource");
    private static readonly ListFlag<KeyValuePair<string, string>> SysctlAdd = Flag.List("sysctl-add", "Add or update a Sysctl option", GoValues.Pair);
    private static readonly ListFlag<string> SysctlRemove = Flag.List("sysctl-rm", "Remove a Sysctl option");
    private static readonly ListFlag<WireUlimit> UlimitAdd = Flag.List("ulimit-add", "Add or update a ulimit option", SmallValues.Ulimit, valueName: "ulimit");
    private static readonly ListFlag<string> UlimitRemove = Flag.List("ulimit-rm", "Remove a ulimit option");

    public static readonly Verb Update = new("[OPTIONS] SERVICE", "Update a service", Arity.One,
    [
        Image, Args, Rollback, Force, LabelAdd, LabelRemove, ContainerLabelAdd, ContainerLabelRemove, EnvAdd, EnvRemove, MountAdd, MountRemove,
        ConstraintAdd, ConstraintRemove, PreferenceAdd, PreferenceRemove, NetworkAdd, NetworkRemove, SecretAdd, SecretRemove, ConfigAdd, ConfigRemove,
        PublishAdd, PublishRemove, GroupAdd, GroupRemove, DnsAdd, DnsRemove, DnsOptionAdd, DnsOptionRemove, DnsSearchAdd, DnsSearchRemove, HostAdd, HostRemove,
        GenericAdd, GenericRemove, SysctlAdd, SysctlRemove, UlimitAdd, UlimitRemove, .. ServiceFlags.Shared,
    ],
    RunAsync);

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        string name = call.Arguments[0];
        bool rollback = call.Get(Rollback);
        if (rollback && Update.Flags.Any(flag => flag != Rollback && flag != CommonFlags.Detach && flag != CommonFlags.QuietProgress && call.Given(flag)))
        {
            throw new CliException("other flags may not be combined with --rollback");
        }

        WireService service = await ServiceReading.FindAsync(call.Engine, name, cancellation);
        WireServiceSpec spec = service.Spec ?? new WireServiceSpec();
        string? auth = null;
        if (!rollback)
        {
            spec = await ChangeAsync(call, spec, cancellation);
            string image = spec.TaskTemplate?.ContainerSpec?.Image ?? "";
            auth = call.Get(ServiceFlags.WithRegistryAuth) ? RegistryAuth.For(call.Terminal, image) : null;
            if (call.Given(Image) && !call.Get(ServiceFlags.NoResolveImage))
            {
                spec = await ImagePinning.PinAsync(call, spec, auth, cancellation);
            }
        }

        Query query = new Query($"/services/{service.Id}/update").With("version", service.Version?.Index ?? 0)
            .When(auth is null, "registryAuthFrom", "spec")
            .When(rollback, "rollback", "previous");
        WireWarnings answer = await call.Engine.PostAsync(query.ToString(), spec, WireJson.Default.WireServiceSpec, WireJson.Default.WireWarnings, cancellation, auth);
        ServiceScaling.Warn(call, answer.Warnings);
        call.Out.WriteLine(name);
        call.Out.Flush();
        if (!call.Get(CommonFlags.Detach))
        {
            await new ServiceWaiter(call.Engine, call.Terminal, call.Get(CommonFlags.QuietProgress)).WaitAsync(name, cancellation);
        }

        return 0;
    }

    private static async Task<WireServiceSpec> ChangeAsync(Invocation call, WireServiceSpec spec, CancellationToken cancellation)
    {
        WireTaskSpec task = spec.TaskTemplate ?? new WireTaskSpec();
        WireContainerSpec container = ServiceEdits.Container(call, task.ContainerSpec ?? new WireContainerSpec());
        (List<string>? capAdd, List<string>? capDrop) = Capabilities(call, container);
        WireDnsConfig dns = container.DnsConfig ?? new WireDnsConfig();
        bool changesDns = ServiceFlags.Any(call, DnsAdd, DnsRemove, DnsOptionAdd, DnsOptionRemove, DnsSearchAdd, DnsSearchRemove);
        container = container with
        {
            Image = call.Given(Image) ? ImageReference.WithTag(call.Get(Image)) : container.Image,
            Args = call.Given(Args) ? ServiceEdits.Words(call.Get(Args)) : container.Args,
            Labels = Edit(container.Labels, call.All(ContainerLabelAdd), call.All(ContainerLabelRemove)),
            Env = ServiceFlags.Any(call, EnvAdd, EnvRemove) ? EnvOf(call, container.Env) : container.Env,
            Mounts = Edit(container.Mounts, call.All(MountAdd), call.All(MountRemove), static mount => mount.Target),
            Groups = Edit(container.Groups, call.All(GroupAdd), call.All(GroupRemove), static group => group),
            Hosts = Hosts(call, container.Hosts),
            DnsConfig = !changesDns ? container.DnsConfig : new WireDnsConfig
            {
                Nameservers = Edit(dns.Nameservers, call.All(DnsAdd), call.All(DnsRemove), static item => item),
                Options = Edit(dns.Options, call.All(DnsOptionAdd), call.All(DnsOptionRemove), static item => item),
                Search = Edit(dns.Search, call.All(DnsSearchAdd), call.All(DnsSearchRemove), static item => item),
            },
            Sysctls = Edit(container.Sysctls, call.All(SysctlAdd), call.All(SysctlRemove)),
            Ulimits = Edit(container.Ulimits, call.All(UlimitAdd), call.All(UlimitRemove), static limit => limit.Name),
            Secrets = !ServiceFlags.Any(call, SecretAdd, SecretRemove) ? container.Secrets : Edit(
                container.Secrets, await ServiceLookups.SecretsAsync(call.Engine, call.All(SecretAdd), cancellation), call.All(SecretRemove), static secret => secret.SecretName),
            Configs = !ServiceFlags.Any(call, ConfigAdd, ConfigRemove) ? container.Configs : Edit(
                container.Configs, await ServiceLookups.ConfigsAsync(call.Engine, call.All(ConfigAdd), cancellation), call.All(ConfigRemove), static config => config.ConfigName),
            CapabilityAdd = capAdd,
            CapabilityDrop = capDrop,
        };
        task = ServiceEdits.Task(call, task) with
        {
            ContainerSpec = container,
            ForceUpdate = task.ForceUpdate + (call.Get(Force) ? 1UL : 0),
            Placement = PlacementOf(call, task.Placement),
            Networks = ServiceFlags.Any(call, NetworkAdd, NetworkRemove) ? await NetworksAsync(call, task.Networks ?? spec.Networks, cancellation) : task.Networks,
        };
        if (ServiceFlags.Any(call, GenericAdd, GenericRemove))
        {
            WireResources reserved = task.Resources?.Reservations ?? new WireResources();
            task = task with
            {
                Resources = (task.Resources ?? new WireTaskResources()) with
                {
                    Reservations = reserved with { GenericResources = Edit(reserved.GenericResources, call.All(GenericAdd), call.All(GenericRemove), static item => item.DiscreteResourceSpec?.Kind ?? item.NamedResourceSpec?.Kind) },
                },
            };
        }

        return spec with
        {
            TaskTemplate = task,
            Labels = Edit(spec.Labels, call.All(LabelAdd), call.All(LabelRemove)),
            Mode = ModeOf(call, spec.Mode),
            UpdateConfig = ServiceEdits.Rollout(call, ServiceFlags.Update, spec.UpdateConfig),
            RollbackConfig = ServiceEdits.Rollout(call, ServiceFlags.Rollback, spec.RollbackConfig),
            EndpointSpec = EndpointOf(call, spec.EndpointSpec),
        };
    }

    private static WireServiceMode? ModeOf(Invocation call, WireServiceMode? mode)
    {
        ulong? replicas = call.Get(ServiceFlags.Replicas);
        ulong? concurrent = call.Get(ServiceFlags.MaxConcurrent);
        return mode switch
        {
            _ when replicas is null && concurrent is null => mode,
            { ReplicatedJob: { } job } => new WireServiceMode { ReplicatedJob = job with { TotalCompletions = replicas ?? job.TotalCompletions, MaxConcurrent = concurrent ?? job.MaxConcurrent } },
            { Replicated: { } replicated } when concurrent is null => new WireServiceMode { Replicated = replicated with { Replicas = replicas } },
            _ => throw new CliException(concurrent is not null ? "max-concurrent can only be used with replicated-job mode" : "replicas can only be used with replicated or replicated-job mode"),
        };
    }

    private static WirePlacement? PlacementOf(Invocation call, WirePlacement? present)
    {
        if (!ServiceFlags.Any(call, ConstraintAdd, ConstraintRemove, PreferenceAdd, PreferenceRemove, ServiceFlags.MaxPerNode))
        {
            return present;
        }

        WirePlacement placement = present ?? new WirePlacement();
        WirePlacementPreference[] gone = call.All(PreferenceRemove);
        return placement with
        {
            Constraints = Edit(placement.Constraints, call.All(ConstraintAdd), call.All(ConstraintRemove), static item => item),
            Preferences = [.. (placement.Preferences ?? []).Where(preference => !gone.Contains(preference)), .. call.All(PreferenceAdd)],
            MaxReplicas = call.Get(ServiceFlags.MaxPerNode) ?? placement.MaxReplicas,
        };
    }

    private static WireEndpointSpec? EndpointOf(Invocation call, WireEndpointSpec? present)
    {
        if (!ServiceFlags.Any(call, PublishAdd, PublishRemove, ServiceFlags.EndpointMode))
        {
            return present;
        }

        WireEndpointSpec endpoint = present ?? new WireEndpointSpec();
        List<WirePort> ports = [.. endpoint.Ports ?? []];
        foreach ((long target, string? protocol, long? published) in call.All(PublishRemove))
        {
            ports.RemoveAll(port => port.TargetPort == target && (protocol ?? "tcp") == (port.Protocol ?? "tcp") && (published is null || published == port.PublishedPort));
        }

        foreach (WirePort port in call.All(PublishAdd).SelectMany(static added => added))
        {
            ports.RemoveAll(other => other.PublishedPort == port.PublishedPort && other.TargetPort == port.TargetPort && other.Protocol == port.Protocol);
            ports.Add(port);
        }

        return endpoint with { Ports = ports, Mode = call.Given(ServiceFlags.EndpointMode) ? call.Get(ServiceFlags.EndpointMode).ToLowerInvariant() : endpoint.Mode };
    }

    private static async Task<List<WireNetworkAttachmentConfig>> NetworksAsync(Invocation call, List<WireNetworkAttachmentConfig>? present, CancellationToken cancellation)
    {
        List<WireNetworkAttachmentConfig> networks = [.. present ?? []];
        foreach (string name in call.All(NetworkRemove))
        {
            string id = await ServiceLookups.NetworkIdAsync(call.Engine, name, cancellation);
            networks.RemoveAll(network => network.Target == id || network.Target == name);
        }

        foreach (WireNetworkAttachmentConfig network in await ServiceLookups.NetworksAsync(call.Engine, call.All(NetworkAdd), cancellation))
        {
            if (networks.Exists(other => other.Target == network.Target))
            {
                throw new CliException("service is already attached to network " + network.Target);
            }

            networks.Add(network);
        }

        return [.. networks.OrderBy(static network => network.Target, StringComparer.Ordinal)];
    }

    private static (List<string>? Add, List<string>? Drop) Capabilities(Invocation call, WireContainerSpec container)
    {
        if (!ServiceFlags.Any(call, ServiceFlags.CapAdd, ServiceFlags.CapDrop))
        {
            return (container.CapabilityAdd, container.CapabilityDrop);
        }

        string[] added = call.All(ServiceFlags.CapAdd);
        string[] dropped = call.All(ServiceFlags.CapDrop);
        SortedSet<string> add = new(added.Contains("RESET") ? [] : container.CapabilityAdd ?? [], StringComparer.Ordinal);
        SortedSet<string> drop = new(dropped.Contains("RESET") ? [] : container.CapabilityDrop ?? [], StringComparer.Ordinal);

        // What is said last about a capability counts; adding wins where both are said at once.
        add.ExceptWith(dropped);
        drop.UnionWith(dropped);
        drop.ExceptWith(added);
        add.UnionWith(added);
        add.Remove("RESET");
        drop.Remove("RESET");
        return ([.. add], [.. drop]);
    }

    private static List<string> EnvOf(Invocation call, List<string>? present)
    {
        List<string> env = SmallValues.Environment(call.Terminal, [], call.All(EnvAdd), present);
        foreach (string name in call.All(EnvRemove))
        {
            env.RemoveAll(variable => variable == name || variable.StartsWith(name + "=", StringComparison.Ordinal));
        }

        return env;
    }

    private static List<string>? Hosts(Invocation call, List<string>? present)
    {
        if (!ServiceFlags.Any(call, HostAdd, HostRemove))
        {
            return present;
        }

        List<string> hosts = [.. present ?? []];
        foreach (string removed in call.All(HostRemove))
        {
            int colon = removed.IndexOf(':', StringComparison.Ordinal);
            string name = colon < 0 ? removed : removed[..colon];
            hosts.RemoveAll(line => line.Split(' ') is [var address, .. var names] && names.Contains(name) && (colon < 0 || address == removed[(colon + 1)..]));
        }

        hosts.AddRange(call.All(HostAdd).Where(host => !hosts.Contains(host)));
        return hosts;
    }

    private static Dictionary<string, string>? Edit(Dictionary<string, string>? present, KeyValuePair<string, string>[] added, string[] removed)
    {
        if (added.Length == 0 && removed.Length == 0)
        {
            return present;
        }

        Dictionary<string, string> map = new(present ?? [], StringComparer.Ordinal);
        foreach (string key in removed)
        {
            map.Remove(key);
        }

        foreach ((string key, string value) in added)
        {
            map[key] = value;
        }

        return map;
    }

    /// <summary>Removes by key, then adds; what has the key of an added one is replaced.</summary>
    private static List<T>? Edit<T>(List<T>? present, IReadOnlyList<T> added, string[] removed, Func<T, string?> key)
    {
        if (added.Count == 0 && removed.Length == 0)
        {
            return present;
        }

        HashSet<string?> gone = [.. removed, .. added.Select(key)];
        return [.. (present ?? []).Where(item => !gone.Contains(key(item))), .. added];
    }
}
