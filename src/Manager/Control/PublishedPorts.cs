namespace Skep.Manager.Control;

/// <summary>Whether the ports a service asks for are free.</summary>
/// <remarks>
/// Ingress against ingress is also a unique key of the store, checked when the batch is applied; host against ingress is seen only here. Host ports may
/// repeat across services: the scheduler keeps them apart. Source: moby/swarmkit:manager/controlapi/service.go, checkPortConflicts.
/// </remarks>
internal static class PublishedPorts
{
    public static void Check(ServiceSpec spec, ServiceId self, StoreView view)
    {
        PortConfig[] wanted = [.. (spec.Endpoint?.Ports ?? []).Where(p => p.PublishedPort != 0)];
        if (spec.Endpoint?.Ports.Any(p => p.Mode == PublishMode.Ingress) == true && !view.Networks.Any(n => n.Spec.Ingress))
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "service needs ingress network, but no ingress network is present");
        }

        if (wanted.Length == 0)
        {
            return;
        }

        CheckOwn(wanted, view);
        foreach (Service other in view.Services.Where(s => s.Id != self))
        {
            foreach (PortConfig taken in (other.Endpoint?.Ports ?? []).Concat(other.Spec.Endpoint?.Ports ?? []))
            {
                if (wanted.Any(w => Collide(w, taken)))
                {
                    string how = taken.Mode == PublishMode.Ingress ? "an ingress port" : "a host-published port";
                    throw ClusterException.Invalid($"port '{taken.PublishedPort}' is already in use by service '{other.Name}' ({other.Id}) as {how}");
                }
            }
        }
    }

    /// <summary>A port the managers live on would take the nodes away from them, and with them the way back.</summary>
    /// <remarks>A worker's own port is not asked: where it listens is its word alone, and it would keep that port from everybody.</remarks>
    private static void CheckOwn(PortConfig[] wanted, StoreView view)
    {
        foreach (PortConfig port in wanted)
        {
            if (port.Protocol == PortProtocol.Udp && view.Cluster is { } cluster && port.PublishedPort == cluster.DataPathPort)
            {
                throw ClusterException.Invalid($"port '{port.PublishedPort}/udp' carries the cluster's own networks between nodes; publish another");
            }

            if (port.Protocol == PortProtocol.Tcp && view.Nodes.FirstOrDefault(n => IsPortOf(n.Manager?.Address, port)) is { } node)
            {
                throw ClusterException.Invalid($"port '{port.PublishedPort}/tcp' is where node {node.Id} talks with the others; publish another");
            }
        }
    }

    private static bool IsPortOf(string? address, PortConfig port) => address?.EndsWith($":{port.PublishedPort}", StringComparison.Ordinal) == true;

    private static bool Collide(PortConfig wanted, PortConfig taken)
        => wanted.PublishedPort == taken.PublishedPort
            && wanted.Protocol == taken.Protocol
            && (wanted.Mode == PublishMode.Ingress || taken.Mode == PublishMode.Ingress);
}
