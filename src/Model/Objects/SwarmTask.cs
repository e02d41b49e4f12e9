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

    /// <summary>Observed past running: its container is gone, and its node never starts it again.</summary>
    public bool HasEnded => Status.State.HasEnded;

    /// <summary>Observed running, and healthy where health is checked.</summary>
    public bool IsRunning => Status.State == TaskState.Running;

    /// <summary>It ran to its end and reported success: what a job waits for.</summary>
    public bool HasCompleted => Status.State == TaskState.Complete;

    /// <summary>It ended by its own fault, while it ran or before. What was stopped or lost with its node did not fail.</summary>
    public bool HasFailed => Status.State is TaskState.Failed or TaskState.Rejected;

    /// <summary>Nobody stopped it and no node took it along: whether it is started again is the restart policy's business.</summary>
    public bool EndedByItself => HasCompleted || HasFailed;

    /// <summary>Its node has been told of it or is about to be. Before that the scheduler may still change its mind, and a task that is to go just goes.</summary>
    /// <remarks>Source: moby/swarmkit:manager/dispatcher/assignments.go, which sends tasks from Assigned on. A global task's node is known sooner.</remarks>
    public bool IsAssigned => Status.State >= TaskState.Assigned;

    /// <summary>It takes resources, host ports and a place in networks on its node, wanted or not: from Assigned until it is seen to have ended.</summary>
    /// <remarks>Source: moby/swarmkit:manager/scheduler/scheduler.go, where nodes are charged with tasks between Assigned and Running.</remarks>
    public bool HoldsResources => Node is not null && IsAssigned && !HasEnded;

    /// <summary>It runs or is to run, those of jobs to their end; nobody has asked it to stop.</summary>
    public bool IsWanted => !DesiredState.AsksToStop;

    /// <summary>It is not to run for ever: it was told to stop, or is of a job and to come to its own end. Once it has ended, it is history.</summary>
    public bool IsToEnd => DesiredState > TaskState.Running;

    /// <summary>Wanted, and not seen to have ended: it counts as one of its service's tasks.</summary>
    public bool IsLive => IsWanted && !HasEnded;

    /// <summary>The scheduler owes it a node, or for a global task the word that its node will have it.</summary>
    public bool WaitsForNode => Status.State == TaskState.Pending && IsWanted;

    /// <summary>It is to leave no trace: its node removes the container, then the reaper removes the task.</summary>
    public bool IsToBeRemoved => DesiredState.AsksToRemove;

    /// <summary>Whether something of it may run somewhere, as far as can be known; a task in its place waits for that.</summary>
    /// <param name="node">The node of the task; null: it has none, or its node was removed. What runs on one that is down cannot be waited for.</param>
    public bool MayStillRun(Node? node) => !HasEnded && Node is not null && node is { IsDown: false };

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
