namespace Skep.Model;

/// <summary>One unit of work of a service; belongs to at most one node for its whole life.</summary>
/// <remarks>Source: moby/swarmkit:design/task_model.md. Slot is 1-based; 0 for global services.</remarks>
public sealed record SwarmTask(TaskId Id, ServiceId ServiceId, int Slot) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The scheduler's choice; a global task is made for one node from the start.</summary>
    public NodeId? Node { get; init; }

    public required TaskSpec Spec { get; init; }

    /// <summary><see cref="Service.SpecVersion"/> of the spec it was made from.</summary>
    public ObjectVersion SpecVersion { get; init; }

    /// <summary>Name and labels of its service when it was made.</summary>
    public required Annotations ServiceAnnotations { get; init; }

    public required SwarmTaskStatus Status { get; init; }

    public TaskState DesiredState { get; init; } = TaskState.Running;

    /// <summary>Written by the allocator.</summary>
    public ValueList<NetworkAttachment> Networks { get; init; } = [];

    /// <summary>The service's ports as published when the task was allocated.</summary>
    public ServiceEndpoint? Endpoint { get; init; }

    public ObjectVersion? JobIteration { get; init; }

    /// <summary>A task not to start before this moment: the restart delay, kept here so that a new leader goes on with it.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The task this one replaces, when it must have stopped first.</summary>
    public TaskId? After { get; init; }

    /// <summary>When it was first seen running, by the clock of its node; null: never. Stays when it ends: updates watch tasks for a while from then on.</summary>
    public DateTimeOffset? RunningSince { get; init; }

    /// <summary>Set on a task that runs nothing: it holds a place in a network for a container that a user runs on its node.</summary>
    public TaskAttachment? Attachment { get; init; }

    ObjectKind IStoredObject.Kind => ObjectKind.SwarmTask;

    string IStoredObject.Key => Id.Value;

    /// <remarks>A container has one place in a network, however often it asks.</remarks>
    IEnumerable<string> IStoredObject.UniqueKeys => Attachment is null ? [] : Spec.Networks.Select(n => $"attachment:{Attachment.Container}/{n.Target}");

    /// <summary>service.slot.id, or service.node.id for global services; of an attachment its container's name.</summary>
    public string Name => Attachment is not null ? ServiceAnnotations.Name : $"{ServiceAnnotations.Name}.{(Slot > 0 ? Slot.ToString(System.Globalization.CultureInfo.InvariantCulture) : Node?.Value)}.{Id}";

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}

/// <summary>A task's place in a network.</summary>
/// <param name="Address">Unset for networks of the node itself (host, none, bridge).</param>
public sealed record NetworkAttachment(NetworkId Network, Ipv4Address? Address, int PrefixLength)
{
    public ValueList<string> Aliases { get; init; } = [];
}

/// <summary>Whom an attachment is for.</summary>
/// <remarks>Source: moby/swarmkit:manager/resourceapi/allocator.go, where it is a kind of runtime. It belongs to no service, its node is given, and it never
/// gets past <see cref="TaskState.Assigned"/>: its node removes it when the container has ended.</remarks>
/// <param name="Container">Id of the container, 64 hexadecimal digits.</param>
/// <param name="Address">The address that is wished for; null: any.</param>
public sealed record TaskAttachment(string Container, Ipv4Address? Address);
