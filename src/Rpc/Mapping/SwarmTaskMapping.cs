using Skep.Model;
using Skep.Model.Net;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class SwarmTaskMapping
{
    public static Proto.SwarmTask ToProto(this SwarmTask task)
    {
        var proto = new Proto.SwarmTask
        {
            Id = task.Id.Value,
            Meta = AnnotationsMapping.MetaOf(task),
            ServiceId = task.ServiceId.Value,
            Slot = task.Slot,
            NodeId = task.Node?.Value ?? "",
            Spec = task.Spec.ToProto(),
            SpecVersion = task.SpecVersion.Index,
            ServiceAnnotations = task.ServiceAnnotations.ToProto(),
            Status = task.Status.ToProto(),
            DesiredState = (int)task.DesiredState,
            Networks = { task.Networks.Select(ToProto) },
            Endpoint = task.Endpoint?.ToProto(),
            NotBeforeNanos = task.NotBefore.ToNanos(),
            After = task.After?.Value ?? "",
            RunningSinceNanos = task.RunningSince.ToNanos(),
            Attachment = task.Attachment is { } attachment ? ToProto(attachment) : null,
        };
        if (task.JobIteration is { } iteration)
        {
            proto.JobIteration = iteration.Index;
        }

        return proto;
    }

    public static SwarmTask ToModel(this Proto.SwarmTask task)
    {
        Proto.Meta meta = Need(task.Meta);
        return new SwarmTask(new TaskId(task.Id), new ServiceId(task.ServiceId), task.Slot)
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Node = task.NodeId.Length == 0 ? null : new NodeId(task.NodeId),
            Spec = Need(task.Spec).ToModel(),
            SpecVersion = new ObjectVersion(task.SpecVersion),
            ServiceAnnotations = Need(task.ServiceAnnotations).ToModel(),
            Status = Need(task.Status).ToModel(),
            DesiredState = task.DesiredState.ToKnown<TaskState>(),
            Networks = task.Networks.ToList(ToModel),
            Endpoint = task.Endpoint?.ToModel(),
            JobIteration = task.HasJobIteration ? new ObjectVersion(task.JobIteration) : null,
            NotBefore = task.NotBeforeNanos.ToTimeOrNull(),
            After = task.After.Length == 0 ? null : new TaskId(task.After),
            RunningSince = task.RunningSinceNanos.ToTimeOrNull(),
            Attachment = task.Attachment is { } held ? new TaskAttachment(held.ContainerId, held.HasAddress ? new Ipv4Address(held.Address) : null) : null,
        };
    }

    public static Proto.SwarmTaskStatus ToProto(this SwarmTaskStatus status) => new()
    {
        State = (int)status.State,
        TimestampNanos = status.Timestamp.ToNanos(),
        Message = status.Message,
        Error = status.Error,
        Container = status.Container is { } container
            ? new Proto.ContainerStatus { ContainerId = container.ContainerId, Pid = container.Pid, ExitCode = container.ExitCode }
            : null,
        Ports = { status.Ports.Select(ServiceSpecMapping.ToProto) },
    };

    public static SwarmTaskStatus ToModel(this Proto.SwarmTaskStatus status) => new(status.State.ToKnown<TaskState>(), status.TimestampNanos.ToTime())
    {
        Message = status.Message,
        Error = status.Error,
        Container = status.Container is { } container ? new ContainerStatus(container.ContainerId, container.Pid, container.ExitCode) : null,
        Ports = status.Ports.ToList(ServiceSpecMapping.ToModel),
    };

    private static Proto.TaskAttachment ToProto(TaskAttachment attachment)
    {
        var proto = new Proto.TaskAttachment { ContainerId = attachment.Container };
        if (attachment.Address is { } address)
        {
            proto.Address = address.Value;
        }

        return proto;
    }

    private static Proto.NetworkAttachment ToProto(NetworkAttachment attachment)
    {
        var proto = new Proto.NetworkAttachment
        {
            NetworkId = attachment.Network.Value,
            PrefixLength = attachment.PrefixLength,
            Aliases = { attachment.Aliases },
        };
        if (attachment.Address is { } address)
        {
            proto.Address = address.Value;
        }

        return proto;
    }

    private static NetworkAttachment ToModel(Proto.NetworkAttachment attachment)
        => new(new NetworkId(attachment.NetworkId), attachment.HasAddress ? new Ipv4Address(attachment.Address) : null, attachment.PrefixLength)
        {
            Aliases = attachment.Aliases.ToList(),
        };
}
