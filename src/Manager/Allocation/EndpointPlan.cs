using System.Diagnostics.CodeAnalysis;

namespace Skep.Manager.Allocation;

/// <summary>Decides what a service is reached by, keeping what it has.</summary>
internal static class EndpointPlan
{
    /// <summary>Whether it takes nothing from any pool: then its tasks need not wait for it.</summary>
    public static bool IsTrivial(Service service) => service.Spec.Task.Networks.IsEmpty && service.Spec.Endpoint is not { Ports.IsEmpty: false };

    /// <summary>A new service that takes nothing from any pool is born with its endpoint: the allocator has no second write to make.</summary>
    public static Service WithTrivial(Service service)
        => IsTrivial(service) ? service with { Endpoint = new ServiceEndpoint(service.Spec.Endpoint?.Mode ?? EndpointMode.Vip) } : service;

    /// <param name="endpoint">Null when something is missing.</param>
    /// <param name="reason">What is missing; empty while a network only waits for its own turn.</param>
    public static bool TryMake(Service service, AllocationIndex book, StoreView view, [NotNullWhen(true)] out ServiceEndpoint? endpoint, out string reason)
    {
        endpoint = null;
        EndpointMode mode = service.Spec.Endpoint?.Mode ?? EndpointMode.Vip;
        if (!TryVips(service, mode, book, view, out ValueList<VirtualIp> vips, out reason) || !TryPorts(service, book, out ValueList<PortConfig> ports, out reason))
        {
            return false;
        }

        endpoint = new ServiceEndpoint(mode) { VirtualIps = vips, Ports = ports };
        return true;
    }

    private static bool TryVips(Service service, EndpointMode mode, AllocationIndex book, StoreView view, out ValueList<VirtualIp> vips, out string reason)
    {
        var found = new List<VirtualIp>();
        vips = [];
        reason = "";
        foreach (NetworkAttachmentSpec attachment in service.Spec.Task.Networks)
        {
            if (NetworkPlan.Find(view, attachment.Target) is not { } network)
            {
                reason = $"network {attachment.Target} not found";
                return false;
            }

            if (!network.IsOverlay() || mode == EndpointMode.Dnsrr)
            {
                continue;
            }

            VirtualIp? present = service.Endpoint?.VirtualIps.FirstOrDefault(v => v.Network == network.Id);
            if (present is null && book.TakeAddress(network.Id) is { } address)
            {
                present = new VirtualIp(network.Id, address);
            }

            if (present is null)
            {
                reason = book.PoolOf(network.Id) is { } pool ? TaskPlan.Exhausted(network, pool) : "";
                return false;
            }

            found.Add(present);
        }

        vips = found.ToValueList();
        return true;
    }

    private static bool TryPorts(Service service, AllocationIndex book, out ValueList<PortConfig> ports, out string reason)
    {
        ValueList<PortConfig> asked = service.Spec.Endpoint?.Ports ?? [];
        List<PortConfig> present = [.. (service.Endpoint?.Ports ?? []).Where(p => p.Mode == PublishMode.Ingress
            && !asked.Any(a => a.PublishedPort == p.PublishedPort && a.Protocol == p.Protocol))];
        var found = new List<PortConfig>();
        ports = [];
        reason = "";
        foreach (PortConfig port in asked)
        {
            if (port.PublishedPort != 0 || port.Mode == PublishMode.Host)
            {
                found.Add(port);
                continue;
            }

            PortConfig? kept = present.Find(p => p.Protocol == port.Protocol && p.TargetPort == port.TargetPort);
            present.Remove(kept!);
            if ((kept?.PublishedPort ?? book.TakePort(port.Protocol)) is not { } number)
            {
                reason = $"no published port is free between {PortPool.First} and {PortPool.Last} ({port.Protocol})";
                return false;
            }

            found.Add(port with { PublishedPort = number });
        }

        ports = found.ToValueList();
        return true;
    }
}
