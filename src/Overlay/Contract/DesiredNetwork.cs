namespace Skep.Overlay;

/// <summary>The whole network one node is to have. <see cref="NodeNetwork.ApplyAsync"/> computes and applies the difference to what is there.</summary>
/// <remarks>A value: two equal pictures need no work. Parts that did not change should be the same instances, which makes comparing cheap.</remarks>
public sealed record DesiredNetwork
{
    public required NodeAddressing Self { get; init; }

    /// <summary>The other nodes of the cluster; traffic of the data plane is accepted from these (and from the node itself) only.</summary>
    public ValueMap<NodeId, PeerNode> Peers { get; init; } = ValueMap<NodeId, PeerNode>.Empty;

    /// <summary>The ingress network, or null where the cluster has none: then nothing is published in ingress mode.</summary>
    public IngressSegment? Ingress { get; init; }

    /// <summary>Published ports of services in ingress mode, open on every node. No backend: refused at once.</summary>
    public ValueMap<PublishedPort, ValueList<PortBackend>> PublishedPorts { get; init; } = ValueMap<PublishedPort, ValueList<PortBackend>>.Empty;

    /// <summary>Every task of the cluster that has an address of the ingress network.</summary>
    public ValueMap<Ipv4Address, IngressEndpoint> IngressEndpoints { get; init; } = ValueMap<Ipv4Address, IngressEndpoint>.Empty;

    /// <summary>The overlay networks that tasks of this node use.</summary>
    public ValueMap<NetworkId, OverlayNetwork> Networks { get; init; } = ValueMap<NetworkId, OverlayNetwork>.Empty;

    /// <summary>The tasks of this node that have a network namespace of their own (not those with network <c>host</c>; those with <c>none</c> have no attachment).</summary>
    public ValueMap<TaskId, TaskSandbox> Sandboxes { get; init; } = ValueMap<TaskId, TaskSandbox>.Empty;

    /// <summary>Names per network. A task is answered from the zones of its own networks, in the order of its attachments.</summary>
    public ValueMap<NetworkId, DnsZone> Dns { get; init; } = ValueMap<NetworkId, DnsZone>.Empty;

    /// <summary>TCP ports of the nodes that tasks may not connect to.</summary>
    public ValueList<int> ManagerPorts { get; init; } = [2377];
}

/// <summary>This node in the data plane.</summary>
/// <param name="Underlay">Address other nodes send VXLAN to; Docker's data path address.</param>
/// <param name="Index">The node's network index, 1 to 65535, never shared: gives the MAC of its VXLAN devices and the mark of mesh flows.</param>
/// <param name="Mesh">Its address in the ingress network; null without ingress.</param>
public sealed record NodeAddressing(NodeId Id, Ipv4Address Underlay, int Index, Ipv4Address? Mesh, string Hostname);

/// <summary>Another node in the data plane; fields as in <see cref="NodeAddressing"/>.</summary>
public sealed record PeerNode(Ipv4Address Underlay, int Index, Ipv4Address? Mesh);

/// <summary>The ingress network as a segment between the nodes.</summary>
/// <param name="Vni">VXLAN id, 4096 by custom.</param>
/// <param name="Mtu">Bytes; underlay minus 50.</param>
public sealed record IngressSegment(Ipv4Prefix Subnet, int Vni, int Mtu = 1450);

/// <summary>A port of every node.</summary>
public readonly record struct PublishedPort(PortProtocol Protocol, int Port) : IComparable<PublishedPort>
{
    public int CompareTo(PublishedPort other) => Protocol != other.Protocol ? Protocol.CompareTo(other.Protocol) : Port.CompareTo(other.Port);

    public override string ToString() => $"{Port}/{Protocol.ToString().ToLowerInvariant()}";
}

/// <summary>Where connections of a published port go. Repeated entries get more of them. An address whose endpoint is not Serving is left out.</summary>
/// <param name="Task">The task's address in the ingress network.</param>
public readonly record struct PortBackend(Ipv4Address Task, int TargetPort);

/// <summary>A task's place in the ingress network.</summary>
/// <param name="TargetPorts">What the mesh may connect to there; other ports of the task are closed for peers.</param>
public sealed record IngressEndpoint(NodeId Node, ValueList<PublishedPort> TargetPorts, EndpointState State);
