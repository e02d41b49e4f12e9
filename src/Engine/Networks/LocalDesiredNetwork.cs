using Skep.Overlay;

namespace Skep.Engine.Networks;

/// <summary>What a node's own containers and networks add to the picture.</summary>
internal sealed record LocalDesiredNetwork(ValueMap<TaskId, TaskSandbox> Sandboxes, ValueMap<NetworkId, OverlayNetwork> Networks, ValueMap<NetworkId, DnsZone> Dns)
{
    public static LocalDesiredNetwork Empty { get; } = new(ValueMap<TaskId, TaskSandbox>.Empty, ValueMap<NetworkId, OverlayNetwork>.Empty, ValueMap<NetworkId, DnsZone>.Empty);

    /// <summary>Some of them is in a network that only managers can tell of.</summary>
    public bool NeedsManager => Sandboxes.Values.Any(s => s.Overlays.Any(o => !Networks.ContainsKey(o.Network)));

    public DesiredNetwork AddTo(DesiredNetwork picture) => this == Empty ? picture : picture with
    {
        Sandboxes = picture.Sandboxes.SetItems(Sandboxes),
        Networks = picture.Networks.SetItems(Networks),
        Dns = picture.Dns.SetItems(Dns),
    };
}
