using Skep.Rpc.Mapping;

namespace Skep.Manager.Control;

/// <summary>What a service may ask for, as far as the spec alone tells.</summary>
/// <remarks>Source: moby/swarmkit:manager/controlapi/service.go, validateServiceSpec. Stricter where a wrong field would only show on a node.</remarks>
internal static class ServiceSpecRules
{
    /// <summary>Largest encoded spec, in bytes: every task carries it. Swarm's limit is that of a request, about 1.5 MiB.</summary>
    private const int MaxBytes = 1 << 20;

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/> or <see cref="ErrorKind.NotImplemented"/>.</exception>
    public static void Check(ServiceSpec spec, bool isNameGiven)
    {
        if (isNameGiven)
        {
            NameRules.CheckDnsName(spec.Annotations.Name);
        }

        CheckMode(spec);
        TaskSpecRules.Check(spec.Task);
        CheckUpdate("update", spec.Update);
        CheckUpdate("rollback", spec.Rollback);
        CheckEndpoint(spec.Endpoint);
        int bytes = ProtoStoreCodec.SizeOf(spec);
        if (bytes > MaxBytes)
        {
            throw ClusterException.Invalid($"the spec of service {spec.Annotations.Name} takes {bytes} bytes, more than {MaxBytes}: put large values into configs or secrets");
        }
    }

    private static void CheckMode(ServiceSpec spec)
    {
        bool isGlobal = spec.Mode is ServiceMode.Global or ServiceMode.GlobalJob;
        if (isGlobal && spec.Task.Placement.MaxReplicasPerNode > 0)
        {
            throw ClusterException.Invalid("replicas-max-per-node can only be used with replicated or replicated-job mode");
        }

        if (spec.Mode is ServiceMode.ReplicatedJob or ServiceMode.GlobalJob && (spec.Update is not null || spec.Rollback is not null))
        {
            throw ClusterException.Invalid("job-mode services cannot have an update config or a rollback config");
        }

        // Slots are ints, and nothing good comes of a million tasks by a slip of the finger.
        const ulong Limit = 1_000_000;
        ulong tasks = spec.Mode switch
        {
            ServiceMode.Replicated replicated => replicated.Replicas,
            ServiceMode.ReplicatedJob job => Math.Max(job.MaxConcurrent, job.TotalCompletions),
            _ => 0,
        };
        if (tasks > Limit)
        {
            throw ClusterException.Invalid($"a service has at most {Limit} tasks, not {tasks}");
        }
    }

    private static void CheckUpdate(string what, UpdateConfig? update)
    {
        if (update is null)
        {
            return;
        }

        if (update.Delay < TimeSpan.Zero)
        {
            throw ClusterException.Invalid($"TaskSpec: {what}-delay cannot be negative");
        }

        if (update.Monitor < TimeSpan.Zero)
        {
            throw ClusterException.Invalid($"TaskSpec: {what}-monitor cannot be negative");
        }

        if (update.MaxFailureRatio is not (>= 0 and <= 1))
        {
            throw ClusterException.Invalid($"TaskSpec: {what}-maxfailureratio cannot be less than 0 or bigger than 1");
        }

        if (what == "rollback" && update.FailureAction == UpdateFailureAction.Rollback)
        {
            throw ClusterException.Invalid("a rollback that fails can pause or continue, not roll back");
        }
    }

    private static void CheckEndpoint(EndpointSpec? endpoint)
    {
        var published = new HashSet<(PortProtocol, int)>();
        foreach (PortConfig port in endpoint?.Ports ?? [])
        {
            if (port.TargetPort is < 1 or > 65535)
            {
                throw ClusterException.Invalid($"EndpointSpec: target port {port.TargetPort} is not from 1 to 65535");
            }

            if (port.PublishedPort is < 0 or > 65535)
            {
                throw ClusterException.Invalid($"EndpointSpec: published port {port.PublishedPort} is not from 0 to 65535");
            }

            if (endpoint!.Mode == EndpointMode.Dnsrr && port.Mode == PublishMode.Ingress)
            {
                throw ClusterException.Invalid("EndpointSpec: port published with ingress mode can't be used with dnsrr mode");
            }

            if (port.PublishedPort != 0 && !published.Add((port.Protocol, port.PublishedPort)))
            {
                throw ClusterException.Invalid("EndpointSpec: duplicate published ports provided");
            }
        }
    }
}
