using Skep.Model;

namespace Skep.Wire.Mapping;

public static class TaskSpecMapping
{
    public static WireTaskSpec ToWire(this TaskSpec spec) => new()
    {
        ContainerSpec = spec.Container.ToWire(),
        Resources = spec.Limits is null && spec.Reservations is null
            ? null
            : new WireTaskResources { Limits = spec.Limits?.ToWire(), Reservations = spec.Reservations?.ToWire() },
        RestartPolicy = spec.Restart?.ToWire(),
        Placement = spec.Placement.ToWire(),
        Networks = spec.Networks.OrAbsent(ToWire),
        LogDriver = spec.LogDriver?.ToWire(),
        ForceUpdate = spec.ForceUpdate,
        Runtime = "container",
    };

    /// <exception cref="ClusterException">No container spec, an unknown word, or a runtime that is not supported.</exception>
    public static TaskSpec ToModel(this WireTaskSpec spec)
    {
        if (spec.PluginSpec is not null || spec.NetworkAttachmentSpec is not null || spec.Runtime is not (null or "" or "container"))
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"unsupported runtime '{spec.Runtime}': only containers can be tasks");
        }

        return new TaskSpec
        {
            Container = spec.ContainerSpec?.ToModel() ?? throw ClusterException.Invalid("TaskSpec: missing runtime: TaskTemplate.ContainerSpec is required"),
            Limits = Meaningful(spec.Resources?.Limits),
            Reservations = Meaningful(spec.Resources?.Reservations),
            Restart = spec.RestartPolicy?.ToModel(),
            Placement = spec.Placement?.ToModel() ?? Placement.Anywhere,
            Networks = spec.Networks.ToModel(ToModel),
            LogDriver = spec.LogDriver?.ToModel(),
            ForceUpdate = spec.ForceUpdate,
        };
    }

    public static WireResources ToWire(this Resources resources) => new()
    {
        NanoCpus = resources.NanoCpus,
        MemoryBytes = resources.MemoryBytes,
        Pids = resources.Pids,
        GenericResources = resources.Generic.OrAbsent(g => g.NamedValue is { } value
            ? new WireGenericResource { NamedResourceSpec = new WireNamedResource(g.Kind, value) }
            : new WireGenericResource { DiscreteResourceSpec = new WireDiscreteResource(g.Kind, g.Count) }),
    };

    public static Resources ToModel(this WireResources resources) => new(resources.NanoCpus, resources.MemoryBytes)
    {
        Pids = resources.Pids,
        Generic = resources.GenericResources.ToModel(Generic),
    };

    public static WireNetworkAttachmentConfig ToWire(this NetworkAttachmentSpec network) => new()
    {
        Target = network.Target,
        Aliases = network.Aliases.OrAbsent(),
        DriverOpts = network.DriverOptions.OrAbsent(),
    };

    public static NetworkAttachmentSpec ToModel(this WireNetworkAttachmentConfig network)
        => new(network.Target ?? "") { Aliases = network.Aliases.ToModel(), DriverOptions = network.DriverOpts.ToModel() };

    public static WireRestartPolicy ToWire(this RestartPolicySpec policy) => new()
    {
        Condition = policy.Condition?.ToWire(),
        Delay = policy.Delay?.Nanoseconds,
        MaxAttempts = policy.MaxAttempts,
        Window = policy.Window?.Nanoseconds,
    };

    public static RestartPolicySpec ToModel(this WireRestartPolicy policy) => new()
    {
        Condition = WireEnums.ReadCondition(policy.Condition),
        Delay = policy.Delay.ToDuration(),
        MaxAttempts = policy.MaxAttempts,
        Window = policy.Window.ToDuration(),
    };

    public static WirePlacement ToWire(this Placement placement) => new()
    {
        Constraints = placement.Constraints.OrAbsent(),
        Preferences = placement.SpreadOver.OrAbsent(label => new WirePlacementPreference { Spread = new WireSpread { SpreadDescriptor = label } }),
        MaxReplicas = placement.MaxReplicasPerNode,
        Platforms = placement.Platforms.OrAbsent(OmitEmpty.ToWire),
    };

    public static Placement ToModel(this WirePlacement placement) => new()
    {
        Constraints = placement.Constraints.ToModel(),
        SpreadOver = placement.Preferences.ToModel(p => p.Spread?.SpreadDescriptor ?? throw ClusterException.Invalid("placement preference: only Spread is known")),
        MaxReplicasPerNode = placement.MaxReplicas,
        Platforms = placement.Platforms.ToModel(OmitEmpty.ToModel),
    };

    private static Resources? Meaningful(WireResources? resources)
        => resources?.ToModel() is { } model && model != new Resources(0, 0) ? model : null;

    private static GenericResource Generic(WireGenericResource resource) => resource switch
    {
        { NamedResourceSpec: { } named } => new GenericResource(named.Kind ?? "", 1, named.Value ?? ""),
        { DiscreteResourceSpec: { } discrete } => new GenericResource(discrete.Kind ?? "", discrete.Value, null),
        _ => throw ClusterException.Invalid("generic resource: NamedResourceSpec or DiscreteResourceSpec is required"),
    };
}
