using Skep.Manager.Allocation;

namespace Skep.Manager.Control;

/// <summary>What a node asks for one of its users' containers.</summary>
/// <param name="Container">Its id, 64 hexadecimal digits.</param>
/// <param name="Name">What others on the network know it by.</param>
/// <param name="Network">Name, id or unambiguous beginning of an id.</param>
public sealed record AttachmentRequest(string Container, string Name, string Network)
{
    /// <summary>Further names.</summary>
    public ValueList<string> Aliases { get; init; } = [];

    /// <summary>Null: any that is free.</summary>
    public Ipv4Address? Address { get; init; }
}

/// <param name="Error">Why the place has no address yet; empty when it has one, or only waits for its turn.</param>
public sealed record AttachmentResult(TaskId Task, NetworkId Network, string Error);

/// <summary>Places in cluster networks for containers that users run on a node: made and given back.</summary>
/// <remarks>Source: moby/swarmkit:manager/resourceapi/allocator.go.</remarks>
public sealed class AttachmentControl
{
    private readonly ControlCommits _commits;
    private readonly IdSource _ids;

    internal AttachmentControl(ControlCommits commits, IdSource ids)
    {
        _commits = commits;
        _ids = ids;
    }

    /// <summary>Makes a place, which the allocator then gives its address; asked again, answers with the one there is.</summary>
    /// <exception cref="ClusterException">
    /// <see cref="ErrorKind.NotFound"/>: no such network. <see cref="ErrorKind.PermissionDenied"/>: it is not attachable. <see cref="ErrorKind.InvalidArgument"/>: the address.
    /// </exception>
    public Task<AttachmentResult> AttachAsync(NodeId node, AttachmentRequest wish, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Network network = view.Network(wish.Network);
            if (!network.Spec.Attachable || !network.IsOverlay())
            {
                throw new ClusterException(ErrorKind.PermissionDenied, $"network {wish.Network} not manually attachable");
            }

            SwarmTask? present = view.Tasks.OfNode(node).FirstOrDefault(t => t.Attachment?.Container == wish.Container && t.Spec.Networks[0].Target == network.Id.Value);
            if (present is { HasEnded: false } && (wish.Address is null || present.Attachment!.Address == wish.Address || present.Networks is [{ Address: { } held }] && held == wish.Address))
            {
                return new ControlPlan<AttachmentResult>([], new AttachmentResult(present.Id, network.Id, present.Status.Error));
            }

            CheckAddress(network, wish);
            var made = new SwarmTask(new TaskId(_ids.Next()), ServiceId.None, 0)
            {
                Node = node,
                Spec = new TaskSpec { Container = new ContainerSpec(""), Networks = [new NetworkAttachmentSpec(network.Id.Value) { Aliases = wish.Aliases }] },
                ServiceAnnotations = new Annotations(wish.Name),
                Status = new SwarmTaskStatus(TaskState.New, default) { Message = "created" },
                Attachment = new TaskAttachment(wish.Container, wish.Address),
            };
            ValueList<StoreChange> changes = present is null ? [new StoreChange.Create(made)] : [StoreChange.Remove.Of(present), new StoreChange.Create(made)];
            return new ControlPlan<AttachmentResult>(changes, new AttachmentResult(made.Id, network.Id, ""));
        },
        static (_, _) => new ClusterException(ErrorKind.Unavailable, "the container is just being attached; ask again"),
        ct);

    /// <summary>Gives places of the node back. Others' and unknown ones are left alone.</summary>
    public Task DetachAsync(NodeId node, IReadOnlyCollection<TaskId> tasks, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            IEnumerable<SwarmTask> held = tasks.Select(view.Tasks.Find).OfType<SwarmTask>().Where(t => t.Attachment is not null && t.Node == node);
            return new ControlPlan<bool>(held.Select(t => (StoreChange)StoreChange.Remove.Of(t)).ToValueList(), true);
        },
        ct);

    private static void CheckAddress(Network network, AttachmentRequest wish)
    {
        if (wish.Address is { } address && network.Allocation is { } allocation
            && (!allocation.Subnet.Contains(address) || address == allocation.Subnet.Network || address == allocation.Subnet.Last || address == allocation.Gateway))
        {
            throw ClusterException.Invalid($"invalid endpoint settings: no configured subnet contains IP address {address} for containers");
        }
    }
}
