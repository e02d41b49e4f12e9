using Skep.Manager.Allocation;

namespace Skep.Manager.Control;

/// <summary>Where an update without credentials of its own takes the registry's from.</summary>
public enum RegistryAuthSource
{
    Spec,
    PreviousSpec,
}

/// <summary>A change of a service.</summary>
/// <param name="Version">The version the new spec was made from.</param>
public sealed record ServiceUpdate(ulong Version, ServiceSpec Spec)
{
    /// <summary>Credentials that came with the request; null: none came.</summary>
    public SensitiveBytes? RegistryAuth { get; init; }

    public RegistryAuthSource AuthFrom { get; init; }
}

/// <summary>Services: made, changed, rolled back, removed.</summary>
public sealed class ServiceControl
{
    private readonly ControlCommits _commits;
    private readonly TimeProvider _time;
    private readonly IdSource _ids;

    internal ServiceControl(ControlCommits commits, TimeProvider time, IdSource ids)
    {
        _commits = commits;
        _time = time;
        _ids = ids;
    }

    /// <summary>Makes a service; an empty name is filled in.</summary>
    /// <exception cref="ClusterException">
    /// <see cref="ErrorKind.InvalidArgument"/>: the spec, or a published port is taken. <see cref="ErrorKind.NotFound"/>: an unknown network.
    /// <see cref="ErrorKind.AlreadyExists"/>: the name is taken. <see cref="ErrorKind.NotImplemented"/>: something that no node would obey.
    /// </exception>
    public async Task<ServiceId> CreateAsync(ServiceSpec spec, CancellationToken ct)
    {
        var id = new ServiceId(_ids.Next());
        ServiceSpecRules.Check(spec, isNameGiven: spec.Annotations.Name.Length > 0);
        return await CommitAsync(
            spec,
            view =>
            {
                if (view.Services.ByName(spec.Annotations.Name) is not null)
                {
                    // The store would refuse it too; said here so that a service made twice is not told about its ports.
                    throw NameTaken(spec.Annotations.Name);
                }

                ServiceSpec resolved = ServiceReferences.Resolve(Named(spec, view), view);
                PublishedPorts.Check(resolved, id, view);
                var service = new Service(id)
                {
                    Spec = resolved,
                    JobStatus = IsJob(resolved.Mode) ? new JobStatus(ObjectVersion.None, _time.GetUtcNow()) : null,
                };
                return new ControlPlan<ServiceId>(ServiceReferences.Required(resolved).Add(new StoreChange.Create(EndpointPlan.WithTrivial(service))), id);
            },
            (key, view) => Taken(key, spec.Annotations.Name, view),
            ct);
    }

    /// <summary>Replaces the spec. The present one becomes the previous one, unless nothing changes.</summary>
    /// <exception cref="ClusterException">
    /// As <see cref="CreateAsync"/>; <see cref="ErrorKind.NotImplemented"/>: another name or mode; <see cref="ErrorKind.OutOfSequence"/>: the version is not the present one.
    /// </exception>
    public async Task UpdateAsync(string name, ServiceUpdate update, CancellationToken ct)
    {
        ServiceSpecRules.Check(update.Spec, isNameGiven: true);
        await CommitAsync(
            update.Spec,
            view =>
            {
                Service service = view.Service(name);
                ControlCommits.RequireSpecVersion(service, update.Version);
                ServiceSpec resolved = ServiceReferences.Resolve(WithAuth(update, service), view);
                CheckKept(service.Spec, resolved);
                PublishedPorts.Check(resolved, service.Id, view);
                Service changed = service.Spec == resolved ? service : WithSpec(service, resolved);
                return new ControlPlan<bool>(ServiceReferences.Required(resolved).Add(new StoreChange.Update(changed with { UpdateStatus = null })), true);
            },
            (key, view) => Taken(key, update.Spec.Annotations.Name, view),
            ct);
    }

    /// <summary>Goes back to the previous spec, which the present one becomes in turn.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: there is no previous spec. <see cref="ErrorKind.OutOfSequence"/>.</exception>
    /// <remarks>Source: moby/swarmkit:manager/controlapi/service.go, UpdateService with Rollback PREVIOUS.</remarks>
    public Task RollbackAsync(string name, ulong version, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Service service = view.Service(name);
            ControlCommits.RequireSpecVersion(service, version);
            ServiceSpec previous = service.PreviousSpec
                ?? throw new ClusterException(ErrorKind.FailedPrecondition, $"service {service.Name} does not have a previous spec");
            // What the old spec names may be gone by now, or its port taken.
            ServiceSpec resolved = ServiceReferences.Resolve(previous, view);
            PublishedPorts.Check(resolved, service.Id, view);
            Service changed = WithSpec(service, resolved) with
            {
                UpdateStatus = new UpdateStatus(UpdateState.RollbackStarted, _time.GetUtcNow()) { Message = "manually requested rollback" },
            };
            return new ControlPlan<bool>(ServiceReferences.Required(resolved).Add(new StoreChange.Update(changed)), true);
        },
        (key, view) => Taken(key, name, view),
        ct);

    /// <summary>Removes the service at once; its tasks are shut down by the loops, which see that it is gone.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public Task<ServiceId> RemoveAsync(string name, CancellationToken ct) => _commits.CommitCheckedAsync(
        view =>
        {
            Service service = view.Service(name);
            return new ControlPlan<ServiceId>([StoreChange.Remove.Of(service)], service.Id);
        },
        (key, view) => Taken(key, name, view),
        ct);

    /// <summary>The store checks all that a service's plan saw, except host ports against published ones.</summary>
    private Task<T> CommitAsync<T>(ServiceSpec spec, Func<StoreView, ControlPlan<T>> plan, Func<CommitOutcome.UniqueKeyTaken, StoreView, ClusterException> taken, CancellationToken ct)
        => spec.Endpoint is { Ports.Count: > 0 } ? _commits.CommitAsync(plan, taken, ct) : _commits.CommitCheckedAsync(plan, taken, ct);

    /// <remarks>
    /// The index of this change is not known before it is committed, so the spec is numbered by the version the service had before it: that grows with each
    /// change of the service and hence no two specs of a service share it. Swarmkit does the same.
    /// </remarks>
    private Service WithSpec(Service service, ServiceSpec spec) => service with
    {
        Spec = spec,
        SpecVersion = service.Version,
        PreviousSpec = service.Spec,
        PreviousSpecVersion = service.SpecVersion,
        JobStatus = IsJob(spec.Mode)
            ? new JobStatus(new ObjectVersion((service.JobStatus?.Iteration.Index ?? 0) + 1), _time.GetUtcNow())
            : null,
    };

    private static void CheckKept(ServiceSpec present, ServiceSpec wanted)
    {
        if (present.Annotations.Name != wanted.Annotations.Name)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "renaming services is not supported");
        }

        if (present.Mode.GetType() != wanted.Mode.GetType())
        {
            throw new ClusterException(ErrorKind.NotImplemented, "service mode change is not allowed");
        }
    }

    private static ServiceSpec WithAuth(ServiceUpdate update, Service service)
    {
        SensitiveBytes auth = update.RegistryAuth ?? (update.AuthFrom switch
        {
            RegistryAuthSource.Spec => service.Spec,
            RegistryAuthSource.PreviousSpec => service.PreviousSpec
                ?? throw ClusterException.Invalid("service does not have a previous spec"),
        }).Task.Container.RegistryAuth;
        return update.Spec with { Task = update.Spec.Task with { Container = update.Spec.Task.Container with { RegistryAuth = auth } } };
    }

    private ServiceSpec Named(ServiceSpec spec, StoreView view) => spec.Annotations.Name.Length > 0
        ? spec
        : spec with { Annotations = spec.Annotations with { Name = ServiceNames.From(_ids.Next(), n => view.Services.ByName(n) is not null) } };

    private static ClusterException Taken(CommitOutcome.UniqueKeyTaken key, string name, StoreView view)
    {
        if (key.UniqueKey.StartsWith("port:", StringComparison.Ordinal))
        {
            string port = key.UniqueKey[(key.UniqueKey.IndexOf('/', StringComparison.Ordinal) + 1)..];
            Service? holder = view.Services.FindKey(key.Holder.Key);
            return ClusterException.Invalid($"port '{port}' is already in use by service '{holder?.Name}' ({key.Holder.Key}) as an ingress port");
        }

        return NameTaken(name);
    }

    private static ClusterException NameTaken(string name)
        => new(ErrorKind.AlreadyExists, $"name conflicts with an existing object: service {name} already exists");

    private static bool IsJob(ServiceMode mode) => mode is ServiceMode.ReplicatedJob or ServiceMode.GlobalJob;
}
