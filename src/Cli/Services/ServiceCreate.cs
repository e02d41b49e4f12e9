using Skep.Cli.Images;
using Skep.Cli.Parsing;
using Skep.Cli.Services.Values;
using Skep.Wire;

namespace Skep.Cli.Services;

/// <summary><c>service create</c>.</summary>
internal static class ServiceCreate
{
    private static readonly Flag<string> Name = Flag.Text("name", "Service name");
    private static readonly Flag<string> Mode = Flag.Text("mode", "Service mode (\"replicated\", \"global\", \"replicated-job\", \"global-job\")", byDefault: "replicated");
    private static readonly ListFlag<KeyValuePair<string, string>> Labels = Flag.List("label", "Service labels", GoValues.Pair, 'l');
    private static readonly ListFlag<KeyValuePair<string, string>> ContainerLabels = Flag.List("container-label", "Container labels", GoValues.Pair);
    private static readonly ListFlag<string> Env = Flag.List("env", "Set environment variables", 'e');
    private static readonly ListFlag<string> EnvFiles = Flag.List("env-file", "Read in a file of environment variables");
    private static readonly ListFlag<WireMount> Mounts = Flag.List("mount", "Attach a filesystem mount to the service", MountValue.Read, valueName: "mount");
    private static readonly ListFlag<string> Constraints = Flag.List("constraint", "Placement constraints");
    private static readonly ListFlag<WirePlacementPreference> Preferences = Flag.List("placement-pref", "Add a placement preference", SmallValues.Preference, valueName: "pref");
    private static readonly ListFlag<WireNetworkAttachmentConfig> Networks = Flag.List("network", "Network attachments", SmallValues.Network, valueName: "network");
    private static readonly ListFlag<FileValue> Secrets = Flag.List("secret", "Specify secrets to expose to the service", FileValue.Read, valueName: "secret");
    private static readonly ListFlag<FileValue> Configs = Flag.List("config", "Specify configurations to expose to the service", FileValue.Read, valueName: "config");
    private static readonly ListFlag<List<WirePort>> Ports = Flag.List("publish", "Publish a port as a node port", PortValue.Read, 'p', "port");
    private static readonly ListFlag<string> Groups = Flag.List("group", "Set one or more supplementary user groups for the container");
    private static readonly ListFlag<string> Dns = Flag.List("dns", "Set custom DNS servers");
    private static readonly ListFlag<string> DnsOptions = Flag.List("dns-option", "Set DNS options");
    private static readonly ListFlag<string> DnsSearch = Flag.List("dns-search", "Set custom DNS search domains");
    private static readonly ListFlag<string> Hosts = Flag.List("host", "Set one or more custom host-to-IP mappings (host:ip)", SmallValues.Host);
    private static readonly ListFlag<WireGenericResource> Generic = Flag.List("generic-resource", "User defined resources", SmallValues.Generic);
    private static readonly ListFlag<KeyValuePair<string, string>> Sysctls = Flag.List("sysctl", "Sysctl options", GoValues.Pair);
    private static readonly ListFlag<WireUlimit> Ulimits = Flag.List("ulimit", "Ulimit options", SmallValues.Ulimit, valueName: "ulimit");

    public static readonly Verb Create = new("[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new service", Arity.Some,
    [
        Name, Mode, Labels, ContainerLabels, Env, EnvFiles, Mounts, Constraints, Preferences, Networks, Secrets, Configs, Ports, Groups, Dns, DnsOptions, DnsSearch, Hosts, Generic, Sysctls, Ulimits,
        .. ServiceFlags.Shared,
    ],
    RunAsync)
    {
        FlagsEndAtArgument = true,
    };

    private static async Task<int> RunAsync(Invocation call, CancellationToken cancellation)
    {
        WireServiceSpec spec = await SpecAsync(call, cancellation);
        string? auth = call.Get(ServiceFlags.WithRegistryAuth) ? RegistryAuth.For(call.Terminal, call.Arguments[0]) : null;
        if (!call.Get(ServiceFlags.NoResolveImage))
        {
            spec = await ImagePinning.PinAsync(call, spec, auth, cancellation);
        }

        WireCreated created = await call.Engine.PostAsync("/services/create", spec, WireJson.Default.WireServiceSpec, WireJson.Default.WireCreated, cancellation, auth);
        ServiceScaling.Warn(call, created.Warnings);
        call.Out.WriteLine(created.Id);
        call.Out.Flush();
        if (!call.Get(CommonFlags.Detach))
        {
            await new ServiceWaiter(call.Engine, call.Terminal, call.Get(CommonFlags.QuietProgress)).WaitAsync(created.Id ?? "", cancellation);
        }

        return 0;
    }

    private static async Task<WireServiceSpec> SpecAsync(Invocation call, CancellationToken cancellation)
    {
        WireServiceMode mode = ModeOf(call);
        WireContainerSpec container = ServiceEdits.Container(call, new WireContainerSpec { Init = false });
        List<string> env = SmallValues.Environment(call.Terminal, call.All(EnvFiles), call.All(Env));
        container = container with
        {
            Image = ImageReference.WithTag(call.Arguments[0]),
            Args = call.Arguments.Length > 1 ? [.. call.Arguments[1..]] : null,
            Env = OrNull(env),
            Labels = Map(call.All(ContainerLabels), orNull: true),
            Mounts = OrNull(call.All(Mounts)),
            Groups = OrNull(call.All(Groups)),
            Hosts = OrNull(call.All(Hosts)),
            DnsConfig = new WireDnsConfig { Nameservers = OrNull(call.All(Dns)), Options = OrNull(call.All(DnsOptions)), Search = OrNull(call.All(DnsSearch)) },
            Sysctls = Map(call.All(Sysctls), orNull: true),
            Ulimits = OrNull(call.All(Ulimits)),
            Secrets = OrNull(await ServiceLookups.SecretsAsync(call.Engine, call.All(Secrets), cancellation)),
            Configs = OrNull(await ServiceLookups.ConfigsAsync(call.Engine, call.All(Configs), cancellation)),
            CapabilityAdd = OrNull(Capabilities(call.All(ServiceFlags.CapAdd))),
            CapabilityDrop = OrNull(Capabilities(call.All(ServiceFlags.CapDrop)).Except(call.All(ServiceFlags.CapAdd), StringComparer.Ordinal)),
        };
        WireTaskSpec task = ServiceEdits.Task(call, new WireTaskSpec { Resources = new WireTaskResources { Limits = new WireResources(), Reservations = new WireResources() } });
        if (call.Given(Generic))
        {
            task = task with { Resources = task.Resources! with { Reservations = (task.Resources.Reservations ?? new WireResources()) with { GenericResources = [.. call.All(Generic)] } } };
        }

        return new WireServiceSpec
        {
            Name = call.Given(Name) ? call.Get(Name) : null,
            Labels = Map(call.All(Labels), orNull: false),
            Mode = mode,
            TaskTemplate = task with
            {
                ContainerSpec = container,
                Networks = OrNull(await ServiceLookups.NetworksAsync(call.Engine, call.All(Networks), cancellation)),
                Placement = new WirePlacement { Constraints = OrNull(call.All(Constraints)), Preferences = OrNull(call.All(Preferences)), MaxReplicas = call.Get(ServiceFlags.MaxPerNode) ?? 0 },
            },
            UpdateConfig = ServiceEdits.Rollout(call, ServiceFlags.Update, null),
            RollbackConfig = ServiceEdits.Rollout(call, ServiceFlags.Rollback, null),
            EndpointSpec = new WireEndpointSpec
            {
                Mode = call.Given(ServiceFlags.EndpointMode) ? call.Get(ServiceFlags.EndpointMode).ToLowerInvariant() : "vip",
                Ports = OrNull(call.All(Ports).SelectMany(static ports => ports)),
            },
        };
    }

    private static WireServiceMode ModeOf(Invocation call)
    {
        ulong? replicas = call.Get(ServiceFlags.Replicas);
        string mode = call.Get(Mode);
        bool isGlobal = mode is "global" or "global-job";
        if (isGlobal && replicas is not null)
        {
            throw new CliException("replicas can only be used with replicated or replicated-job mode");
        }

        if (isGlobal && call.Get(ServiceFlags.MaxPerNode) > 0)
        {
            throw new CliException("replicas-max-per-node can only be used with replicated or replicated-job mode");
        }

        if (call.Given(ServiceFlags.MaxConcurrent) && mode != "replicated-job")
        {
            throw new CliException("max-concurrent can only be used with replicated-job mode");
        }

        return mode switch
        {
            "replicated" => new WireServiceMode { Replicated = new WireReplicated { Replicas = replicas } },
            "global" => new WireServiceMode { Global = new WireEmpty() },
            "replicated-job" => new WireServiceMode { ReplicatedJob = new WireReplicatedJob { TotalCompletions = replicas, MaxConcurrent = call.Get(ServiceFlags.MaxConcurrent) } },
            "global-job" => new WireServiceMode { GlobalJob = new WireEmpty() },
            _ => throw new CliException($"Unknown mode: {mode}, only replicated, global, replicated-job and global-job are supported"),
        };
    }

    private static IEnumerable<string> Capabilities(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Where(static name => name != "RESET").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return distinct.Contains("ALL") ? ["ALL"] : distinct;
    }

    private static List<T>? OrNull<T>(IEnumerable<T> items) => items.ToList() is { Count: > 0 } list ? list : null;

    private static Dictionary<string, string>? Map(KeyValuePair<string, string>[] pairs, bool orNull)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach ((string key, string value) in pairs)
        {
            map[key] = value;
        }

        return orNull && map.Count == 0 ? null : map;
    }
}
