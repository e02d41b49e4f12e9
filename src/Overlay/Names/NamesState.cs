namespace Skep.Overlay.Names;

/// <summary>All that answering the node's tasks takes: what they may know, and what there is to know.</summary>
internal sealed record NamesState
{
    public static NamesState Empty { get; } = new();

    public ValueMap<NetworkId, NamedZone> Zones { get; init; } = ValueMap<NetworkId, NamedZone>.Empty;

    public ValueMap<TaskId, TaskNames> Tasks { get; init; } = ValueMap<TaskId, TaskNames>.Empty;

    public static NamesState Of(DesiredNetwork desired) => new()
    {
        Zones = desired.Dns.ToValueMap(z => z.Key, z => new NamedZone(desired.Networks.TryGetValue(z.Key, out OverlayNetwork? network) ? network.Name : "", z.Value)),
        Tasks = desired.Sandboxes.ToValueMap(s => s.Key, s => new TaskNames(
            s.Value.Overlays.Select(o => o.Network).Concat(s.Value.Directs.Select(d => d.Network)).ToValueList(),
            s.Value.Egress is not null || s.Value.Directs.Any(d => d.Gateway is not null),
            s.Value.Dns.Servers)),
    };
}

/// <summary>The names of one network.</summary>
/// <param name="Network">The network's name, understood behind each of its names; empty when not known.</param>
internal sealed record NamedZone(string Network, DnsZone Zone)
{
    public static NamedZone Empty { get; } = new("", new DnsZone());
}

/// <summary>What one task may know.</summary>
/// <param name="Networks">In the order of its attachments.</param>
/// <param name="AsksOutside">Names outside the cluster may be asked for: not by tasks on internal networks only.</param>
/// <param name="Servers">Asked instead of the host's resolvers.</param>
internal sealed record TaskNames(ValueList<NetworkId> Networks, bool AsksOutside, ValueList<Ipv4Address> Servers);
