using Skep.Overlay.Mesh;

namespace Skep.Overlay.Planning;

/// <summary>What a host namespace's content follows from.</summary>
internal sealed record HostInputs(NodeAddressing Self, ValueMap<NodeId, PeerNode> Peers, IngressSegment? Ingress,
    ValueMap<PublishedPort, ValueList<PortBackend>> PublishedPorts, ValueMap<Ipv4Address, IngressEndpoint> Endpoints,
    ValueList<LocalEgress> Local, ValueList<int> ManagerPorts);

/// <summary>A local task's interface towards the node.</summary>
internal sealed record LocalEgress(TaskId Task, EgressAttachment Egress, ValueList<HostPort> HostPorts)
{
    /// <summary>Its addresses in networks of this node alone: the node itself reaches them this way, nobody else does.</summary>
    public ValueList<Ipv4Address> Behind { get; init; } = [];
}

/// <summary>Compiles the host namespace: the ingress segment, the tasks' egress, the mesh table.</summary>
internal static class HostTarget
{
    private const uint SkipPreference = 100, PeerPreference = 1000, EndPreference = 9999;
    private const uint ReturnTables = 53_570_000;

    /// <summary>MTU of the interfaces towards the node; the mesh's smaller one is reached by clamping and path MTU discovery.</summary>
    private const int EgressMtu = 1500;

    public static NamespaceTarget Compile(HostInputs inputs, PlannerOptions options)
    {
        string mesh = options.MeshInterface;
        bool hasMesh = inputs.Ingress is not null && inputs.Self.Mesh is not null;
        var definition = MeshTable.Define(new MeshParameters(mesh, options.DataPathPort, inputs.Self.Underlay, hasMesh ? inputs.Self.Mesh : null,
            options.EgressGateway, inputs.Ingress?.Mtu ?? 1450, options.ClosedRouter));
        var target = new NamespaceTarget(NamespaceKey.Host, inputs) { Table = new TableTarget(definition, MeshTable.Published, MeshTable.Backends) };

        target.Add(new LinkAddress(hasMesh ? mesh : "lo", options.EgressGateway, 32));
        target.Table.Add(MeshTable.Nodes, $"{inputs.Self.Underlay}");
        foreach (int port in inputs.ManagerPorts)
        {
            target.Table.Add(MeshTable.Closed, $"{port}");
        }

        foreach (PeerNode peer in inputs.Peers.Values)
        {
            target.Table.Add(MeshTable.Nodes, $"{peer.Underlay}");
        }

        if (hasMesh)
        {
            AddSegment(target, inputs, options);
            AddEndpoints(target, inputs, mesh);
        }
        AddPublished(target, inputs);
        foreach (LocalEgress task in inputs.Local)
        {
            AddLocal(target, task);
        }

        return target;
    }

    private static void AddSegment(NamespaceTarget target, HostInputs inputs, PlannerOptions options)
    {
        string mesh = options.MeshInterface;
        IngressSegment ingress = inputs.Ingress!;
        target.Add(new VxlanLink(mesh, MacAddress.ForNode((ushort)inputs.Self.Index), ingress.Mtu, ingress.Vni, inputs.Self.Underlay, options.DataPathPort));
        target.Add(new LinkAddress(mesh, inputs.Self.Mesh!.Value, 32));
        target.Add(new PolicyRule(EndPreference, RuleAction.Nothing, 0));
        target.Add(new PolicyRule(SkipPreference, RuleAction.Goto, EndPreference) { Mark = MeshTable.Mark, Mask = MeshTable.MarkMask, IsInverted = true });
        foreach (PeerNode peer in inputs.Peers.Values)
        {
            if (peer.Mesh is not { } address)
            {
                continue;
            }

            MacAddress mac = MacAddress.ForNode((ushort)peer.Index);
            uint mark = MeshTable.Mark | (uint)peer.Index, table = ReturnTables + (uint)peer.Index;
            target.Add(new ForwardingEntry(mesh, mac, peer.Underlay));
            target.Add(new Neighbour(mesh, address, mac));
            target.Add(new PolicyRule(PeerPreference, RuleAction.Lookup, table) { Mark = mark, Mask = uint.MaxValue });
            target.Add(new Route(table, default, mesh, address));
            target.Table!.Add(MeshTable.SameNode, $"{peer.Underlay} . {address}");
            target.Table.Add(MeshTable.PeerMark, $"{mac}", $"{mark}");
            target.Table.Add(MeshTable.PeerZone, $"{mac}", $"{peer.Index}");
        }
    }

    private static void AddEndpoints(NamespaceTarget target, HostInputs inputs, string mesh)
    {
        foreach ((Ipv4Address address, IngressEndpoint endpoint) in inputs.Endpoints)
        {
            if (endpoint.State == EndpointState.Dead)
            {
                target.Table!.Add(MeshTable.Dead, $"{address}");
                if (endpoint.Node == inputs.Self.Id) // a packet must find a route to be answered by the reject in forward
                {
                    target.Add(new Route(Route.Main, new Ipv4Prefix(address, 32), mesh, null));
                }
            }
            if (endpoint.Node != inputs.Self.Id)
            {
                if (inputs.Peers.TryGetValue(endpoint.Node, out PeerNode? peer) && peer.Mesh is { } via)
                {
                    target.Add(new Route(Route.Main, new Ipv4Prefix(address, 32), mesh, via));
                }
            }
            else if (endpoint.State != EndpointState.Dead)
            {
                foreach (PublishedPort port in endpoint.TargetPorts)
                {
                    target.Table!.Add(MeshTable.LocalEndpoint, $"{address} . {Text(port.Protocol)} . {port.Port}");
                }
            }
        }
    }

    private static void AddPublished(NamespaceTarget target, HostInputs inputs)
    {
        foreach ((PublishedPort port, ValueList<PortBackend> all) in inputs.PublishedPorts)
        {
            string key = $"{Text(port.Protocol)} . {port.Port}";
            List<string> backends = [.. all.Where(b => IsServing(inputs, b.Task)).Select(b => $"{b.Task} . {b.TargetPort}")];
            if (backends.Count > 0)
            {
                target.Table!.AddService(key, backends);
            }
            else
            {
                target.Table!.Add(MeshTable.Refused, key);
            }
        }
    }

    private static bool IsServing(HostInputs inputs, Ipv4Address task) =>
        !inputs.Endpoints.TryGetValue(task, out IngressEndpoint? endpoint) || endpoint.State == EndpointState.Serving;

    private static void AddLocal(NamespaceTarget target, LocalEgress task)
    {
        Ipv4Address address = task.Egress.Address;
        var link = new VethLink(task.Task, task.Egress.Interface, MacAddress.ForTask(address), EgressMtu);
        target.Add(link);
        target.Add(new Route(Route.Main, new Ipv4Prefix(address, 32), link.Name, null));
        target.Add(new Neighbour(link.Name, address, link.Mac));
        target.Table!.Add(MeshTable.Self, $"{address} . {address}");
        if (task.Egress.IsOpen)
        {
            target.Table.Add(MeshTable.Open, $"{address}");
        }

        foreach (Ipv4Address behind in task.Behind)
        {
            target.Add(new Route(Route.Main, new Ipv4Prefix(behind, 32), link.Name, null));
            target.Add(new Neighbour(link.Name, behind, link.Mac));
        }

        foreach (HostPort port in task.HostPorts)
        {
            string key = $"{Text(port.Published.Protocol)} . {port.Published.Port}", goal = $"{address} . {port.TargetPort}";
            if (port.Address is { } own)
            {
                target.Table.Add(MeshTable.AddressPorts, $"{own} . {key}", goal);
            }
            else
            {
                target.Table.Add(MeshTable.HostPorts, key, goal);
            }
        }
    }

    private static string Text(PortProtocol protocol) => protocol switch
    {
        PortProtocol.Tcp => "tcp",
        PortProtocol.Udp => "udp",
        PortProtocol.Sctp => "sctp",
    };
}
