namespace Skep.Overlay;

/// <summary>The network namespace of one local task, and what is plugged into it.</summary>
public sealed record TaskSandbox
{
    /// <summary>Interfaces on overlay networks; the networks must be in <see cref="DesiredNetwork.Networks"/>.</summary>
    public ValueList<OverlayAttachment> Overlays { get; init; } = [];

    /// <summary>Interfaces that hang on devices of the node themselves.</summary>
    public ValueList<DirectAttachment> Directs { get; init; } = [];

    /// <summary>The interface towards the node: default route, published ports. Null for tasks whose networks are all internal, and for <c>none</c>.</summary>
    public EgressAttachment? Egress { get; init; }

    /// <summary>Ports of this node alone that lead to this task. Needs <see cref="Egress"/>.</summary>
    public ValueList<HostPort> HostPorts { get; init; } = [];

    public SandboxDns Dns { get; init; } = new();
}

/// <summary>An interface on an overlay network. Its MAC is <see cref="MacAddress.ForTask"/> of its address.</summary>
/// <param name="Interface">Name inside the task: eth0, eth1 …, in the order of the spec.</param>
public sealed record OverlayAttachment(NetworkId Network, Ipv4Address Address, string Interface);

/// <summary>An interface (macvlan) whose frames leave by a device of the node without passing the node's own network. Its MAC is <see cref="MacAddress.ForTask"/> of its address.</summary>
/// <param name="Parent">The node's device; it has to be there.</param>
/// <param name="Mode">As the kernel counts them: 1 private, 2 vepa, 4 bridge, 8 passthru.</param>
public sealed record DirectAttachment(NetworkId Network, string Parent, uint Mode, Ipv4Address Address, Ipv4Prefix Subnet, string Interface)
{
    /// <summary>The default route, if the task has no other way out; null: there is none.</summary>
    public Ipv4Address? Gateway { get; init; }
}

/// <summary>The interface towards the node, the last one of the task.</summary>
/// <param name="Address">The task's address of the ingress network if it has published ports; otherwise an address that only this node knows.</param>
public sealed record EgressAttachment(Ipv4Address Address, string Interface)
{
    /// <summary>Others that are open on this node may connect to it, on any port: Docker's default bridge.</summary>
    public bool IsOpen { get; init; }
}

/// <summary>A port published in host mode.</summary>
/// <param name="Published">Port of the node and protocol.</param>
/// <param name="TargetPort">Port in the task.</param>
public sealed record HostPort(PublishedPort Published, int TargetPort)
{
    /// <summary>The one address of the node it is open on; null: all of them.</summary>
    public Ipv4Address? Address { get; init; }

    /// <summary>Where it is open.</summary>
    public BoundPort Bound => new(Address ?? Ipv4Address.Any, Published);
}

/// <summary>How names are resolved for one task; the user's <c>--dns…</c> flags.</summary>
public sealed record SandboxDns
{
    /// <summary>Asked instead of the host's resolvers for names outside the cluster.</summary>
    public ValueList<Ipv4Address> Servers { get; init; } = [];

    public ValueList<string> Search { get; init; } = [];

    /// <summary>Lines of resolv.conf(5) <c>options</c>; <c>ndots:0</c> is added when no ndots is given, as Docker does.</summary>
    public ValueList<string> Options { get; init; } = [];

    /// <summary>Text of the task's <c>/etc/resolv.conf</c>.</summary>
    public string ToResolvConf()
    {
        ValueList<string> options = Options.Any(o => o.StartsWith("ndots:", StringComparison.Ordinal)) ? Options : Options.Add("ndots:0");
        string search = Search.IsEmpty || Search.AsSpan().SequenceEqual(["."]) ? "" : $"search {string.Join(' ', Search)}\n";
        return $"nameserver 127.0.0.11\n{search}options {string.Join(' ', options)}\n";
    }
}

/// <summary>The names of one network. Keys are lower case without a final dot; <c>&lt;name&gt;.&lt;network&gt;</c> is understood without an entry.</summary>
public sealed record DnsZone
{
    /// <summary>Service → virtual address or task addresses, <c>tasks.&lt;service&gt;</c>, aliases, names, ids and hostnames of tasks. More than one address: shuffled in each answer.</summary>
    public ValueMap<string, ValueList<Ipv4Address>> Names { get; init; } = ValueMap<string, ValueList<Ipv4Address>>.Empty;

    /// <summary>Answers to reverse questions; full names such as <c>web.1.x.net</c>.</summary>
    public ValueMap<Ipv4Address, string> Pointers { get; init; } = ValueMap<Ipv4Address, string>.Empty;
}
