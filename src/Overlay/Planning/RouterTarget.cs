using Skep.Overlay.Mesh;

namespace Skep.Overlay.Planning;

/// <summary>What a router namespace's content follows from.</summary>
internal sealed record RouterInputs(NodeAddressing Self, ValueMap<NodeId, PeerNode> Peers, OverlayNetwork Network, ValueList<LocalAttachment> Local);

/// <summary>A local task's interface on the network.</summary>
internal sealed record LocalAttachment(TaskId Task, OverlayAttachment Attachment);

/// <summary>Compiles the router namespace of one overlay network.</summary>
internal static class RouterTarget
{
    public static NamespaceTarget Compile(RouterInputs inputs, PlannerOptions options)
    {
        const string vx = RouterTable.Device;
        OverlayNetwork network = inputs.Network;
        var target = new NamespaceTarget(NamespaceKey.Router(network.Vni), inputs)
        {
            Table = new TableTarget(RouterTable.Define(network.Gateway), RouterTable.Virtual, RouterTable.Backends),
        };
        if (network.IsLocal)
        {
            target.Add(new LinkAddress("lo", network.Gateway, 32));
            foreach (LocalAttachment local in inputs.Local)
            {
                AddLocal(target, local, network);
            }

            return target;
        }

        target.Add(new VxlanLink(vx, MacAddress.ForNode((ushort)inputs.Self.Index), network.Mtu, network.Vni, inputs.Self.Underlay, options.DataPathPort));
        target.Add(new LinkAddress("lo", network.Gateway, 32));
        target.Add(new LinkAddress(vx, network.Router, 32));
        foreach ((NodeId node, Ipv4Address router) in network.PeerRouters)
        {
            if (!inputs.Peers.TryGetValue(node, out PeerNode? peer))
            {
                continue;
            }

            MacAddress mac = MacAddress.ForNode((ushort)peer.Index);
            target.Add(new ForwardingEntry(vx, mac, peer.Underlay));
            target.Add(new Neighbour(vx, router, mac));
        }
        AddEndpoints(target, inputs);
        AddVirtual(target, network);
        foreach (LocalAttachment local in inputs.Local)
        {
            AddLocal(target, local, network);
        }

        return target;
    }

    private static void AddEndpoints(NamespaceTarget target, RouterInputs inputs)
    {
        foreach ((Ipv4Address address, NetworkEndpoint endpoint) in inputs.Network.Endpoints)
        {
            bool isLocal = endpoint.Node == inputs.Self.Id;
            if (endpoint.State == EndpointState.Dead)
            {
                target.Table!.Add(RouterTable.Dead, $"{address}");
                if (isLocal) // a packet must find a route to be answered by the reject in forward
                {
                    target.Add(new Route(Route.Main, new Ipv4Prefix(address, 32), RouterTable.Device, null));
                }
            }
            if (!isLocal && inputs.Peers.ContainsKey(endpoint.Node) && inputs.Network.PeerRouters.TryGetValue(endpoint.Node, out Ipv4Address via))
            {
                target.Add(new Route(Route.Main, new Ipv4Prefix(address, 32), RouterTable.Device, via));
            }
        }
    }

    private static void AddVirtual(NamespaceTarget target, OverlayNetwork network)
    {
        foreach ((Ipv4Address address, ValueList<Ipv4Address> all) in network.VirtualAddresses)
        {
            target.Add(new LinkAddress("lo", address, 32));
            List<string> backends = [.. all.Where(b => IsServing(network, b)).Select(b => b.ToString())];
            if (backends.Count > 0)
            {
                target.Table!.AddService($"{address}", backends);
            }
            else
            {
                target.Table!.Add(RouterTable.Refused, $"{address}");
            }
        }
    }

    private static bool IsServing(OverlayNetwork network, Ipv4Address task) =>
        !network.Endpoints.TryGetValue(task, out NetworkEndpoint? endpoint) || endpoint.State == EndpointState.Serving;

    private static void AddLocal(NamespaceTarget target, LocalAttachment local, OverlayNetwork network)
    {
        Ipv4Address address = local.Attachment.Address;
        var link = new VethLink(local.Task, local.Attachment.Interface, MacAddress.ForTask(address), network.Mtu);
        target.Add(link);
        target.Add(new Route(Route.Main, new Ipv4Prefix(address, 32), link.Name, null));
        target.Add(new Neighbour(link.Name, address, link.Mac));
        target.Table!.Add(RouterTable.Self, $"{address} . {address}");
    }
}
