using Skep.Model;

namespace Skep.Wire.Mapping;

public static class ServiceMapping
{
    /// <param name="network">Finds a network, for the prefix lengths of virtual addresses.</param>
    public static WireService ToWire(this Service service, Func<NetworkId, Network?> network) => new()
    {
        Id = service.Id.Value,
        Version = service.Version.ToWire(),
        CreatedAt = service.CreatedAt,
        UpdatedAt = service.UpdatedAt,
        Spec = service.Spec.ToWire(),
        PreviousSpec = service.PreviousSpec?.ToWire(),
        Endpoint = Endpoint(service, network),
        UpdateStatus = service.UpdateStatus is { } update
            ? new WireUpdateStatus { State = update.State.ToWire(), StartedAt = update.StartedAt, CompletedAt = update.CompletedAt, Message = update.Message.OrAbsent() }
            : null,
        JobStatus = service.JobStatus is { } job ? new WireJobStatus { JobIteration = job.Iteration.ToWire(), LastExecution = job.LastExecution } : null,
        Trouble = service.Trouble.OrAbsent(),
    };

    public static WireServiceSpec ToWire(this ServiceSpec spec) => new()
    {
        Name = spec.Annotations.Name,
        Labels = spec.Annotations.Labels.ToWire(),
        TaskTemplate = spec.Task.ToWire(),
        Mode = ModeToWire(spec.Mode),
        UpdateConfig = spec.Update?.ToWire(),
        RollbackConfig = spec.Rollback?.ToWire(),
        EndpointSpec = spec.Endpoint?.ToWire(),
    };

    /// <exception cref="ClusterException">The spec is incomplete, contradicts itself, or asks for what is not supported.</exception>
    public static ServiceSpec ToModel(this WireServiceSpec spec)
    {
        TaskSpec task = spec.TaskTemplate?.ToModel() ?? throw ClusterException.Invalid("TaskTemplate is required");
        if (task.Networks.IsEmpty && spec.Networks is { Count: > 0 } networks)
        {
            task = task with { Networks = networks.ToModel(TaskSpecMapping.ToModel) };
        }

        return new ServiceSpec(OmitEmpty.Annotations(spec.Name, spec.Labels))
        {
            Task = task,
            Mode = ModeToModel(spec.Mode),
            Update = spec.UpdateConfig?.ToModel(),
            Rollback = spec.RollbackConfig?.ToModel(),
            Endpoint = spec.EndpointSpec?.ToModel(),
        };
    }

    public static WireUpdateConfig ToWire(this UpdateConfig update) => new()
    {
        Parallelism = update.Parallelism,
        Delay = update.Delay.Nanoseconds,
        FailureAction = update.FailureAction.ToWire(),
        Monitor = update.Monitor?.Nanoseconds ?? 0,
        MaxFailureRatio = update.MaxFailureRatio,
        Order = update.Order.ToWire(),
    };

    public static UpdateConfig ToModel(this WireUpdateConfig update) => new()
    {
        Parallelism = update.Parallelism,
        Delay = new Duration(update.Delay),
        FailureAction = WireEnums.ReadFailureAction(update.FailureAction),
        Monitor = update.Monitor == 0 ? null : new Duration(update.Monitor),
        MaxFailureRatio = update.MaxFailureRatio,
        Order = WireEnums.ReadOrder(update.Order),
    };

    private static WireEndpoint Endpoint(Service service, Func<NetworkId, Network?> network) => new()
    {
        Spec = service.Endpoint is null ? new WireEndpointSpec() : service.Spec.Endpoint?.ToWire() ?? new WireEndpointSpec { Mode = service.Endpoint.Mode.ToWire() },
        Ports = service.Endpoint?.Ports.OrAbsent(PortMapping.ToWire),
        VirtualIps = service.Endpoint?.VirtualIps.OrAbsent(
            vip => new WireVirtualIp(vip.Network.Value, NetworkMapping.WithPrefix(vip.Address, network(vip.Network)?.Allocation?.Subnet.Length ?? 32))),
    };

    private static WireServiceMode ModeToWire(ServiceMode mode) => mode switch
    {
        ServiceMode.Replicated replicated => new WireServiceMode { Replicated = new WireReplicated { Replicas = replicated.Replicas } },
        ServiceMode.Global => new WireServiceMode { Global = new WireEmpty() },
        ServiceMode.ReplicatedJob job => new WireServiceMode
        {
            ReplicatedJob = new WireReplicatedJob { MaxConcurrent = job.MaxConcurrent, TotalCompletions = job.TotalCompletions },
        },
        ServiceMode.GlobalJob => new WireServiceMode { GlobalJob = new WireEmpty() },
        _ => throw new InvalidOperationException($"unknown mode {mode}"),
    };

    /// <remarks>Source: moby/moby:daemon/cluster/convert/service.go. A job's two numbers default to 1 and to each other.</remarks>
    private static ServiceMode ModeToModel(WireServiceMode? mode)
    {
        if (mode is null)
        {
            return new ServiceMode.Replicated(1);
        }

        object?[] given = [mode.Replicated, mode.Global, mode.ReplicatedJob, mode.GlobalJob];
        if (given.Count(m => m is not null) > 1)
        {
            throw ClusterException.Invalid("must specify only one service mode");
        }

        return mode switch
        {
            { Global: not null } => new ServiceMode.Global(),
            { GlobalJob: not null } => new ServiceMode.GlobalJob(),
            { ReplicatedJob: { } job } => new ServiceMode.ReplicatedJob(job.MaxConcurrent ?? 1, job.TotalCompletions ?? job.MaxConcurrent ?? 1),
            _ => new ServiceMode.Replicated(mode.Replicated?.Replicas ?? 1),
        };
    }
}
