namespace Skep.Overlay;

/// <summary>One overlay network as this node takes part in it.</summary>
/// <param name="Vni">VXLAN id, unique in the cluster.</param>
/// <param name="Gateway">The address all nodes' routers share; the tasks' next hop.</param>
/// <param name="Router">This node's own address in the network (Docker's load balancer address).</param>
public sealed record OverlayNetwork(string Name, int Vni, Ipv4Prefix Subnet, Ipv4Address Gateway, Ipv4Address Router)
{
    /// <summary>A network of this node alone: no VXLAN, and <see cref="Vni"/> is only its number here, above those that VXLAN has.</summary>
    public bool IsLocal { get; init; }

    /// <summary>The first number of local networks.</summary>
    public const int FirstLocal = 1 << 24;

    /// <summary>Bytes; underlay minus 50 unless the network's options say otherwise.</summary>
    public int Mtu { get; init; } = 1450;

    /// <summary>Names outside the cluster are not resolved for tasks that have internal networks only.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Asks for an encrypted underlay. Refused by <see cref="NodeNetwork.ApplyAsync"/> while the node cannot; never sent in plain.</summary>
    public bool IsEncrypted { get; init; }

    /// <summary>Router addresses of the other nodes in this network.</summary>
    public ValueMap<NodeId, Ipv4Address> PeerRouters { get; init; } = ValueMap<NodeId, Ipv4Address>.Empty;

    /// <summary>Virtual addresses of services and the task addresses behind each. Repeated entries get more connections; none: refused at once.
    /// The order is of no account: slots are kept where they are. An address whose endpoint is not Serving is left out.</summary>
    public ValueMap<Ipv4Address, ValueList<Ipv4Address>> VirtualAddresses { get; init; } = ValueMap<Ipv4Address, ValueList<Ipv4Address>>.Empty;

    /// <summary>Every task of the network, on whatever node, by its address.</summary>
    public ValueMap<Ipv4Address, NetworkEndpoint> Endpoints { get; init; } = ValueMap<Ipv4Address, NetworkEndpoint>.Empty;
}

/// <summary>A task's place in an overlay network.</summary>
public sealed record NetworkEndpoint(NodeId Node, EndpointState State);
