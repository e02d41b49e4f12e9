using Skep.Model;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class TaskSpecMapping
{
    public static Proto.TaskSpec ToProto(this TaskSpec spec) => new()
    {
        Container = spec.Container.ToProto(),
        Limits = spec.Limits?.ToProto(),
        Reservations = spec.Reservations?.ToProto(),
        Restart = spec.Restart?.ToProto(),
        Placement = new Proto.Placement
        {
            Constraints = { spec.Placement.Constraints },
            SpreadOver = { spec.Placement.SpreadOver },
            MaxReplicasPerNode = spec.Placement.MaxReplicasPerNode,
            Platforms = { spec.Placement.Platforms.Select(AnnotationsMapping.ToProto) },
        },
        LogDriver = spec.LogDriver?.ToProto(),
        Networks =
        {
            spec.Networks.Select(n => new Proto.NetworkAttachmentSpec
            {
                Target = n.Target,
                Aliases = { n.Aliases },
                DriverOptions = { n.DriverOptions.ToPairs() },
            }),
        },
        ForceUpdate = spec.ForceUpdate,
    };

    public static TaskSpec ToModel(this Proto.TaskSpec spec)
    {
        Proto.Placement placement = Need(spec.Placement);
        return new TaskSpec
        {
            Container = Need(spec.Container).ToModel(),
            Limits = spec.Limits?.ToModel(),
            Reservations = spec.Reservations?.ToModel(),
            Restart = spec.Restart?.ToModel(),
            Placement = new Placement
            {
                Constraints = placement.Constraints.ToList(),
                SpreadOver = placement.SpreadOver.ToList(),
                MaxReplicasPerNode = placement.MaxReplicasPerNode,
                Platforms = placement.Platforms.ToList(AnnotationsMapping.ToModel),
            },
            LogDriver = spec.LogDriver?.ToModel(),
            Networks = spec.Networks.ToList(n => new NetworkAttachmentSpec(n.Target)
            {
                Aliases = n.Aliases.ToList(),
                DriverOptions = n.DriverOptions.ToMap(),
            }),
            ForceUpdate = spec.ForceUpdate,
        };
    }

    public static Proto.Resources ToProto(this Resources resources) => new()
    {
        NanoCpus = resources.NanoCpus,
        MemoryBytes = resources.MemoryBytes,
        Pids = resources.Pids,
        Generic = { resources.Generic.Select(ToProto) },
    };

    public static Resources ToModel(this Proto.Resources resources) => new(resources.NanoCpus, resources.MemoryBytes)
    {
        Pids = resources.Pids,
        Generic = resources.Generic.ToList(g => new GenericResource(g.Kind, g.Count, g.HasNamedValue ? g.NamedValue : null)),
    };

    private static Proto.GenericResource ToProto(GenericResource resource)
    {
        var proto = new Proto.GenericResource { Kind = resource.Kind, Count = resource.Count };
        if (resource.NamedValue is not null)
        {
            proto.NamedValue = resource.NamedValue;
        }

        return proto;
    }

    private static Proto.RestartPolicySpec ToProto(this RestartPolicySpec restart)
    {
        var proto = new Proto.RestartPolicySpec();
        if (restart.Condition is { } condition)
        {
            proto.Condition = (int)condition;
        }

        if (restart.Delay is { } delay)
        {
            proto.DelayNanos = delay.Nanoseconds;
        }

        if (restart.MaxAttempts is { } attempts)
        {
            proto.MaxAttempts = attempts;
        }

        if (restart.Window is { } window)
        {
            proto.WindowNanos = window.Nanoseconds;
        }

        return proto;
    }

    private static RestartPolicySpec ToModel(this Proto.RestartPolicySpec restart) => new()
    {
        Condition = restart.HasCondition ? restart.Condition.ToKnown<RestartCondition>() : null,
        Delay = restart.HasDelayNanos ? new Duration(restart.DelayNanos) : null,
        MaxAttempts = restart.HasMaxAttempts ? restart.MaxAttempts : null,
        Window = restart.HasWindowNanos ? new Duration(restart.WindowNanos) : null,
    };
}
