namespace Skep.Model;

/// <summary>A service: what was asked, what it was before, and how the change goes.</summary>
public sealed record Service(ServiceId Id) : IStoredObject
{
    public ObjectVersion Version { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public required ServiceSpec Spec { get; init; }

    /// <summary>Index of the last change of <see cref="Spec"/>; tasks carry the one they were made from.</summary>
    public ObjectVersion SpecVersion { get; init; }

    public ServiceSpec? PreviousSpec { get; init; }

    public ObjectVersion PreviousSpecVersion { get; init; }

    /// <summary>Written by the allocator: ports as published, virtual addresses. Null until allocated.</summary>
    public ServiceEndpoint? Endpoint { get; init; }

    public UpdateStatus? UpdateStatus { get; init; }

    public JobStatus? JobStatus { get; init; }

    /// <summary>What the cluster would do about the service and cannot, with the reason: "Loop: reason". Empty: nothing. Written and taken away by the loop that it names.</summary>
    public string Trouble { get; init; } = "";

    ObjectKind IStoredObject.Kind => ObjectKind.Service;

    string IStoredObject.Key => Id.Value;

    public string Name => Spec.Annotations.Name;

    IEnumerable<string> IStoredObject.UniqueKeys
    {
        get
        {
            yield return $"service:{Name}";
            foreach (PortConfig port in (Endpoint?.Ports ?? []).Concat(Spec.Endpoint?.Ports ?? [])
                .Where(p => p is { Mode: PublishMode.Ingress, PublishedPort: not 0 }).DistinctBy(p => (p.Protocol, p.PublishedPort)))
            {
                yield return $"port:{port.Protocol.ToString().ToLowerInvariant()}/{port.PublishedPort}";
            }
        }
    }

    IStoredObject IStoredObject.Stamped(ObjectVersion version, DateTimeOffset createdAt, DateTimeOffset updatedAt)
        => this with { Version = version, CreatedAt = createdAt, UpdatedAt = updatedAt };
}

/// <summary>What a service is reached by.</summary>
public sealed record ServiceEndpoint(EndpointMode Mode)
{
    public ValueList<PortConfig> Ports { get; init; } = [];

    public ValueList<VirtualIp> VirtualIps { get; init; } = [];
}

public sealed record VirtualIp(NetworkId Network, Ipv4Address Address);

public enum UpdateState
{
    Updating = 1,
    Paused = 2,
    Completed = 3,
    RollbackStarted = 4,
    RollbackPaused = 5,
    RollbackCompleted = 6,
}

public sealed record UpdateStatus(UpdateState State, DateTimeOffset StartedAt)
{
    public DateTimeOffset? CompletedAt { get; init; }

    public string Message { get; init; } = "";
}

/// <param name="Iteration">Index of the change that started this run of the job.</param>
public sealed record JobStatus(ObjectVersion Iteration, DateTimeOffset LastExecution);
