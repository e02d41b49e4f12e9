namespace Skep.Overlay;

/// <summary>How a node's network room is laid out. Checked once by <see cref="NodeNetwork.OpenAsync"/>.</summary>
public sealed record OverlayOptions
{
    /// <summary>Directory of the namespaces' mount points; every skepd of a machine has its own. Made if missing.</summary>
    public string RunDirectory { get; init; } = "/run/skep/netns";

    /// <summary>File of the network namespace to act in (<c>/run/netns/x</c>, <c>/proc/7/ns/net</c>); null: the one skepd runs in.</summary>
    public string? HostNamespace { get; init; }

    /// <summary>UDP port of VXLAN; Docker's <c>--data-path-port</c>.</summary>
    public int DataPathPort { get; init; } = 4789;

    /// <summary>Address of every task's default gateway on its node, the same on all nodes.</summary>
    public Ipv4Address EgressGateway { get; init; } = Ipv4Address.From(172, 18, 0, 1);

    /// <summary>Name of the ingress segment's VXLAN device in the host namespace.</summary>
    public string MeshInterface { get; init; } = "skep-mesh";

    /// <summary>How many namespaces are kept ready for coming tasks.</summary>
    public int SandboxPoolSize { get; init; } = 8;

    /// <summary>How long the router of a network that lost its last task here is kept for the next one. Making one takes many times as long as keeping it costs,
    /// and the kernel frees a network id long after the namespace that had it was dropped.</summary>
    public TimeSpan RouterIdleTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Port of 127.0.0.11 the embedded DNS is bound to in each task; port 53 is rewritten to it.</summary>
    public int DnsPort { get; init; } = 60053;

    /// <summary>The host's resolvers for names the cluster does not know; empty: those of <see cref="ResolvConfPath"/>.</summary>
    public ValueList<Ipv4Address> Resolvers { get; init; } = [];

    /// <summary>Read again for each task that starts asking.</summary>
    public string ResolvConfPath { get; init; } = "/etc/resolv.conf";

    /// <summary>How long one forwarded question may take before the next resolver is asked.</summary>
    public TimeSpan DnsForwardTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Forwarded questions in flight per task; more are answered SERVFAIL.</summary>
    public int DnsForwardLimit { get; init; } = 128;

    /// <summary>Who answers the tasks' questions. Null: this process, for as long as it lives.</summary>
    public NamesOptions? Names { get; init; }
}
