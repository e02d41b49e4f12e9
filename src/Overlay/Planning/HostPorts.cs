namespace Skep.Overlay.Planning;

/// <summary>The ports of the node that a picture takes for its tasks.</summary>
internal static class HostPorts
{
    /// <remarks>Of TCP and UDP: there are no sockets of ours for SCTP, and the kernel keeps its ports apart from theirs.</remarks>
    public static SortedSet<BoundPort> Of(DesiredNetwork desired)
    {
        IEnumerable<BoundPort> hostMode = desired.Sandboxes.Values.SelectMany(s => s.HostPorts).Select(p => p.Bound);
        return [.. desired.PublishedPorts.Keys.Select(OfAll).Concat(hostMode).Where(p => p.Port.Protocol is PortProtocol.Tcp or PortProtocol.Udp)];
    }

    /// <summary>The picture without what others hold: a program that listens on the host keeps its port.</summary>
    public static DesiredNetwork Without(this DesiredNetwork desired, IReadOnlyCollection<BoundPort> held) => held.Count == 0 ? desired : desired with
    {
        PublishedPorts = desired.PublishedPorts.Where(p => !held.Contains(OfAll(p.Key))).ToValueMap(),
        Sandboxes = desired.Sandboxes.ToValueMap(
            s => s.Key,
            s => s.Value.HostPorts.Any(p => held.Contains(p.Bound)) ? s.Value with { HostPorts = s.Value.HostPorts.Where(p => !held.Contains(p.Bound)).ToValueList() } : s.Value),
    };

    private static BoundPort OfAll(PublishedPort port) => new(Ipv4Address.Any, port);
}
