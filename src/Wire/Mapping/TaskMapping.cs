using Skep.Model;

namespace Skep.Wire.Mapping;

public static class TaskMapping
{
    /// <param name="network">Finds a network the task is attached to.</param>
    public static WireTask ToWire(this SwarmTask task, Func<NetworkId, Network?> network) => new()
    {
        Id = task.Id.Value,
        Version = task.Version.ToWire(),
        CreatedAt = task.CreatedAt,
        UpdatedAt = task.UpdatedAt,
        Labels = [],
        Spec = task.Spec.ToWire(),
        ServiceId = task.ServiceId.Value.OrAbsent(),
        // Docker counts the slots of a job from 0, and its CLI waits for ever for one that is not below the number of completions.
        Slot = task.JobIteration is null ? task.Slot : Math.Max(0, task.Slot - 1),
        NodeId = task.Node?.Value.OrAbsent(),
        Status = task.Status.ToWire(),
        DesiredState = task.DesiredState.ToWire(),
        NetworksAttachments = task.Networks.OrAbsent(a => Attachment(a, network)),
        JobIteration = task.JobIteration?.ToWire(),
    };

    public static WireTaskStatus ToWire(this SwarmTaskStatus status) => new()
    {
        Timestamp = status.Timestamp,
        State = status.State.ToWire(),
        Message = status.Message.OrAbsent(),
        Err = status.Error.OrAbsent(),
        ContainerStatus = status.Container is { } container
            ? new WireContainerStatus { ContainerId = container.ContainerId, Pid = container.Pid, ExitCode = container.ExitCode }
            : null,
        PortStatus = new WirePortStatus { Ports = status.Ports.OrAbsent(PortMapping.ToWire) },
    };

    private static WireNetworkAttachment Attachment(NetworkAttachment attachment, Func<NetworkId, Network?> find) => new()
    {
        Network = find(attachment.Network)?.ToAttached() ?? new WireAttachedNetwork { Id = attachment.Network.Value },
        Addresses = attachment.Address is { } address ? [NetworkMapping.WithPrefix(address, attachment.PrefixLength)] : null,
    };
}
