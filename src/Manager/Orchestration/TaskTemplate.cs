using Skep.Scheduler;

namespace Skep.Manager.Orchestration;

/// <summary>What tasks of a service are made from, and whether one is still made from it.</summary>
internal static class TaskTemplate
{
    /// <summary>The service's template with the cluster's defaults filled in.</summary>
    public static TaskSpec Of(Service service, Cluster? cluster)
        => service.Spec.Task.LogDriver is null && cluster?.Spec.DefaultLogDriver is { } log ? service.Spec.Task with { LogDriver = log } : service.Spec.Task;

    /// <summary>Whether the task has to be replaced for the service's present spec to hold.</summary>
    /// <remarks>
    /// Placement that the node satisfies anyway and credentials of the registry do not matter, nor do ports of the mesh: those live outside the task. A port
    /// of the node itself does, and so does the first port of the mesh, which gives the task its place there.
    /// Source: moby/swarmkit:manager/orchestrator/task.go, IsTaskDirty.
    /// </remarks>
    public static bool IsOutdated(Service service, SwarmTask task, Node? node)
    {
        if (task.SpecVersion == service.SpecVersion)
        {
            return false;
        }

        TaskSpec wanted = service.Spec.Task;
        TaskSpec present = task.Spec with
        {
            Container = task.Spec.Container with { RegistryAuth = wanted.Container.RegistryAuth },
            LogDriver = wanted.LogDriver ?? task.Spec.LogDriver,
        };
        if (present.Placement != wanted.Placement && (node is null || Suits(wanted.Placement, node)))
        {
            present = present with { Placement = wanted.Placement };
        }

        return present != wanted || (task.Endpoint is { } endpoint && !HasPortsFor(service.Spec.Endpoint, endpoint));
    }

    private static bool Suits(Placement placement, Node node) => Constraint.AllMatch(placement.Constraints, node);

    private static bool HasPortsFor(EndpointSpec? wanted, ServiceEndpoint present)
    {
        ValueList<PortConfig> ports = wanted?.Ports ?? [];
        bool needsMesh = ports.Any(p => p.Mode == PublishMode.Ingress);
        return (!needsMesh || present.Ports.Any(p => p.Mode == PublishMode.Ingress))
            && ports.Where(p => p.Mode == PublishMode.Host).ToHashSet().SetEquals(present.Ports.Where(p => p.Mode == PublishMode.Host));
    }
}
