namespace Skep.Overlay;

/// <summary>What this node's kernel can do, probed once at start; reported in the node's description.</summary>
/// <param name="Vxlan">VXLAN links; without them there are no overlay networks and no mesh.</param>
/// <param name="Nftables">Tables with the maps and conntrack zones the data plane uses.</param>
/// <param name="WireGuard">WireGuard links, the first choice for encryption.</param>
/// <param name="Esp">IPsec transport with AES-GCM, the second choice.</param>
/// <param name="FilteredFlowDelete">Conntrack entries of one backend can be deleted by one message; otherwise they are listed and deleted one by one.</param>
public sealed record KernelFeatures(bool Vxlan, bool Nftables, bool Macvlan, bool Ipvlan, bool WireGuard, bool Esp, bool FilteredFlowDelete);

/// <summary>What one <see cref="NodeNetwork.ApplyAsync"/> did.</summary>
/// <param name="Operations">Kernel objects changed; 0 when everything was there.</param>
/// <param name="Refused">Networks that were left out, and why in one sentence for the user.</param>
public sealed record ApplyReport(int Operations, ValueMap<NetworkId, string> Refused)
{
    /// <summary>Published ports that were left out because a program of the host has them.</summary>
    public ValueList<BoundPort> HeldPorts { get; init; } = [];

    /// <summary>When to apply again even if nothing changes: then a router without use has rested long enough to go, or a port may have become free. Null: no need.</summary>
    public TimeSpan? AgainIn { get; init; }
}
