using Skep.Overlay;

namespace Skep.Worker.Agent;

/// <summary>Makes the picture of the node's network from what a manager told. Pure.</summary>
internal static class DesiredNetworkBuilder
{
    private const int FirstDynamicPort = 32768;
    private const int DynamicPorts = 28000;

    /// <param name="joined">Tasks of this node that have, or are to have, a namespace of their own, with what is plugged into it.</param>
    /// <returns>Null while the node does not know its own place.</returns>
    public static DesiredNetwork? Build(
        AssignmentView view, NodeId self, string hostname, IEnumerable<KeyValuePair<TaskId, TaskSandbox>> joined, ValueList<int> managerPorts)
    {
        if (!view.Peers.TryGetValue(self, out AssignmentItem.Peer? own) || own.Index == 0 || !Ipv4Address.TryParse(own.DataPathAddress, out Ipv4Address underlay))
        {
            return null;
        }

        Network? ingress = view.Networks.Values.FirstOrDefault(n => n is { Spec.Ingress: true, Allocation.Vni: > 0 });
        Ipv4Address? Mesh(AssignmentItem.Peer peer) => ingress is not null && peer.Attachments.TryGetValue(ingress.Id, out Ipv4Address address) ? address : null;
        Network[] overlays = [.. view.Networks.Values.Where(IsOverlay)];
        ILookup<NetworkId, AssignmentItem.TaskEndpoint> endpoints = view.Endpoints.ToLookup(e => e.Network);
        return new DesiredNetwork
        {
            Self = new NodeAddressing(self, underlay, own.Index, Mesh(own), hostname),
            Peers = view.Peers.Values.Where(p => p.Node != self && p.Index != 0 && Ipv4Address.TryParse(p.DataPathAddress, out _))
                .ToValueMap(p => p.Node, p => new PeerNode(Ipv4Address.Parse(p.DataPathAddress), p.Index, Mesh(p))),
            Ingress = ingress is null ? null : new IngressSegment(ingress.Allocation!.Subnet, ingress.Allocation.Vni, ingress.Allocation.Mtu),
            PublishedPorts = ingress is null ? ValueMap<PublishedPort, ValueList<PortBackend>>.Empty : PublishedPorts(view, endpoints[ingress.Id]),
            IngressEndpoints = ingress is null ? ValueMap<Ipv4Address, IngressEndpoint>.Empty : IngressEndpoints(view, endpoints[ingress.Id]),
            Networks = overlays.ToValueMap(n => n.Id, n => Overlay(n, own, view, [.. endpoints[n.Id]])),
            Sandboxes = joined.ToValueMap(),
            Dns = overlays.ToValueMap(n => n.Id, n => Zone(n, view, [.. endpoints[n.Id]])),
            ManagerPorts = managerPorts,
        };
    }

    public static bool IsOverlay(Network network) => !network.Spec.Ingress && network.Allocation is { Vni: > 0 };

    /// <summary>What is plugged into a task, in the order of its attachments; the way out of the node comes last.</summary>
    /// <remarks>Asked once in a task's life here, when it joins: managers take an ended task's networks out of the view, but its interfaces remain until its end is
    /// cleaned up.</remarks>
    /// <param name="egress">The address that only this node knows, for a task without published ports.</param>
    /// <param name="direct">A place in a network that this node makes of a device of its own; null: it cannot.</param>
    public static TaskSandbox Sandbox(SwarmTask task, AssignmentView view, Func<TaskId, Ipv4Address> egress, Func<Network, TaskId, DirectAttachment?> direct)
    {
        var overlays = new List<OverlayAttachment>();
        var directs = new List<DirectAttachment>();
        Ipv4Address? mesh = null;
        bool onlyInternal = true;
        foreach (NetworkAttachment attachment in task.Networks)
        {
            Network? network = view.Networks.GetValueOrDefault(attachment.Network);
            if (network is null && attachment.Address is not null)
            {
                return new TaskSandbox(); // found again by a new agent after its end: nothing more is plugged in
            }

            if (network is not null && NetworkDrivers.Of(network, network.Id) == "macvlan")
            {
                if (direct(network, task.Id) is { } place)
                {
                    directs.Add(place with { Interface = $"eth{overlays.Count + directs.Count}" });
                }

                continue;
            }

            if (network is null || attachment.Address is not { } address)
            {
                onlyInternal &= network is null || NetworkDrivers.Of(network, network.Id) != "bridge";
                continue;
            }

            if (network.Spec.Ingress)
            {
                mesh = address;
                continue;
            }

            overlays.Add(new OverlayAttachment(network.Id, address, $"eth{overlays.Count + directs.Count}"));
            onlyInternal &= network.Spec.Internal;
        }

        bool hasWayOut = mesh is not null || overlays.Count + directs.Count == 0 || !onlyInternal;
        DnsConfig dns = task.Spec.Container.Dns ?? new DnsConfig();
        return new TaskSandbox
        {
            Overlays = overlays.ToValueList(),
            Directs = directs.ToValueList(),
            Egress = hasWayOut ? new EgressAttachment(mesh ?? egress(task.Id), $"eth{overlays.Count + directs.Count}") : null,
            HostPorts = hasWayOut ? HostPorts(task).Select(p => new HostPort(new PublishedPort(p.Protocol, p.PublishedPort), p.TargetPort)).ToValueList() : [],
            Dns = new SandboxDns
            {
                Servers = dns.Nameservers.Where(s => Ipv4Address.TryParse(s, out _)).Select(Ipv4Address.Parse).ToValueList(),
                Search = dns.Search,
                Options = dns.Options,
            },
        };
    }

    /// <summary>A task's ports of mode host; one left to the node gets a number that follows from the task.</summary>
    public static IEnumerable<PortConfig> HostPorts(SwarmTask task)
        => (task.Endpoint?.Ports ?? []).Where(p => p.Mode == PublishMode.Host)
            .Select(p => p.PublishedPort != 0 ? p : p with { PublishedPort = FirstDynamicPort + (int)(StableHash($"{task.Id}/{p.TargetPort}/{p.Protocol}") % DynamicPorts) });

    /// <summary>A node's address between the routers of a network: link-local, from its index. Nobody but the routers sees it, so it takes none of the subnet's.</summary>
    private static Ipv4Address RouterOf(AssignmentItem.Peer node) => Ipv4Address.From(169, 254, (byte)(node.Index >> 8), (byte)node.Index);

    private static OverlayNetwork Overlay(Network network, AssignmentItem.Peer own, AssignmentView view, IReadOnlyList<AssignmentItem.TaskEndpoint> endpoints)
    {
        NetworkAllocation allocation = network.Allocation!;
        var vips = new List<KeyValuePair<Ipv4Address, ValueList<Ipv4Address>>>();
        foreach (AssignmentItem.ServiceRecord service in view.Services.Values.Where(s => s.Endpoint.Mode == EndpointMode.Vip))
        {
            foreach (VirtualIp vip in service.Endpoint.VirtualIps.Where(v => v.Network == network.Id))
            {
                vips.Add(new(vip.Address, Serving(endpoints, service.Service)));
            }
        }

        return new OverlayNetwork(network.Name, allocation.Vni, allocation.Subnet, allocation.Gateway, RouterOf(own))
        {
            Mtu = allocation.Mtu,
            IsInternal = network.Spec.Internal,
            IsEncrypted = network.Spec.Driver?.Options.ContainsKey("encrypted") == true,
            PeerRouters = view.Peers.Values.Where(p => p.Node != own.Node && p.Index != 0).ToValueMap(p => p.Node, RouterOf),
            VirtualAddresses = vips.ToValueMap(),
            Endpoints = endpoints.ToValueMap(e => e.Address, e => new NetworkEndpoint(e.Node, e.State)),
        };
    }

    private static ValueMap<PublishedPort, ValueList<PortBackend>> PublishedPorts(AssignmentView view, IEnumerable<AssignmentItem.TaskEndpoint> ingress)
    {
        AssignmentItem.TaskEndpoint[] endpoints = [.. ingress];
        var ports = new List<KeyValuePair<PublishedPort, ValueList<PortBackend>>>();
        foreach (AssignmentItem.ServiceRecord service in view.Services.Values)
        {
            foreach (PortConfig port in service.Endpoint.Ports.Where(p => p is { Mode: PublishMode.Ingress, PublishedPort: > 0 }))
            {
                ports.Add(new(new PublishedPort(port.Protocol, port.PublishedPort), Serving(endpoints, service.Service).Select(a => new PortBackend(a, port.TargetPort)).ToValueList()));
            }
        }

        return ports.ToValueMap();
    }

    private static ValueMap<Ipv4Address, IngressEndpoint> IngressEndpoints(AssignmentView view, IEnumerable<AssignmentItem.TaskEndpoint> endpoints)
        => endpoints.ToValueMap(e => e.Address, e => new IngressEndpoint(
            e.Node,
            view.Services.TryGetValue(e.Service, out AssignmentItem.ServiceRecord? service)
                ? service.Endpoint.Ports.Where(p => p.Mode == PublishMode.Ingress).Select(p => new PublishedPort(p.Protocol, p.TargetPort)).Distinct().ToValueList()
                : [],
            e.State));

    private static DnsZone Zone(Network network, AssignmentView view, IReadOnlyList<AssignmentItem.TaskEndpoint> endpoints)
    {
        var names = new Dictionary<string, ValueList<Ipv4Address>>(StringComparer.Ordinal);
        var pointers = new Dictionary<Ipv4Address, string>();
        foreach (IGrouping<ServiceId, AssignmentItem.TaskEndpoint> tasks in endpoints.Where(e => e.Service != ServiceId.None).GroupBy(e => e.Service))
        {
            ValueList<Ipv4Address> serving = Serving(endpoints, tasks.Key);
            ValueList<Ipv4Address> front = serving;
            if (view.Services.TryGetValue(tasks.Key, out AssignmentItem.ServiceRecord? service))
            {
                VirtualIp? vip = service.Endpoint.Mode == EndpointMode.Vip ? service.Endpoint.VirtualIps.FirstOrDefault(v => v.Network == network.Id) : null;
                if (vip is not null)
                {
                    front = [vip.Address];
                }

                Add(service.Name, front);
                Add("tasks." + service.Name, serving);
            }

            foreach (string alias in tasks.SelectMany(t => t.Aliases).Distinct(StringComparer.OrdinalIgnoreCase))
            {
                Add(alias, front);
            }
        }

        // A service without tasks here still has its name.
        foreach (AssignmentItem.ServiceRecord service in view.Services.Values)
        {
            if (service.Endpoint.VirtualIps.FirstOrDefault(v => v.Network == network.Id) is not { } vip || service.Endpoint.Mode != EndpointMode.Vip)
            {
                continue;
            }

            names.TryAdd(service.Name.ToLowerInvariant(), [vip.Address]);
            pointers[vip.Address] = $"{service.Name}.{network.Name}";
        }

        foreach (AssignmentItem.TaskEndpoint endpoint in endpoints.Where(e => e.State != EndpointState.Dead))
        {
            Add(endpoint.TaskName, [endpoint.Address]);
            Add(endpoint.Task.Value, [endpoint.Address]);
            if (endpoint.Service != ServiceId.None)
            {
                Add(endpoint.Task.ContainerId[..12], [endpoint.Address]);
            }

            foreach (string alias in endpoint.Service == ServiceId.None ? endpoint.Aliases : [])
            {
                Add(alias, [endpoint.Address]);
            }

            pointers[endpoint.Address] = $"{endpoint.TaskName}.{network.Name}";
        }

        return new DnsZone { Names = names.ToValueMap(), Pointers = pointers.ToValueMap() };

        // Two services may share an alias: then both answer.
        void Add(string name, ValueList<Ipv4Address> addresses)
        {
            string key = name.ToLowerInvariant();
            names[key] = names.TryGetValue(key, out ValueList<Ipv4Address> present) ? present.Union(addresses).ToValueList() : addresses;
        }
    }

    private static ValueList<Ipv4Address> Serving(IEnumerable<AssignmentItem.TaskEndpoint> endpoints, ServiceId service)
        => endpoints.Where(e => e.Service == service && e.State == EndpointState.Serving).Select(e => e.Address).ToValueList();

    /// <summary>FNV-1a: the same in every process.</summary>
    private static uint StableHash(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text)
        {
            hash = unchecked((hash ^ c) * 16777619);
        }

        return hash;
    }
}
