using Skep.Manager.Control;

namespace Skep.Manager.Allocation;

/// <summary>Decides what a network gets: its VXLAN id, subnet and gateway.</summary>
internal static class NetworkPlan
{
    /// <summary>VXLAN ids below are left to others. Source: moby:daemon/libnetwork/drivers/overlay/ovmanager (vxlanIDStart).</summary>
    public const int FirstVni = 4096;

    private const string MtuOption = "com.docker.network.driver.mtu";

    /// <returns>Null: the subnet asked for is taken, or the pools hold no more.</returns>
    public static NetworkAllocation? Allocate(Network network, AllocationIndex book, StoreView view)
    {
        IpamPool? asked = network.Spec.Ipam is { Pools: [var first, ..] } ? first : null;
        Ipv4Prefix? subnet = Ipv4Prefix.TryParse(asked?.Subnet, out Ipv4Prefix wanted)
            ? book.TakeSubnet(wanted)
            : book.TakeSubnet(view.Cluster!.DefaultAddressPool, view.Cluster.SubnetSize, AddressesOfMachines(view));
        if (subnet is not { } found)
        {
            return null;
        }

        var allocation = new NetworkAllocation(book.TakeVni(), found, Ipv4Address.TryParse(asked?.Gateway, out Ipv4Address gateway) ? gateway : found[1])
        {
            Range = Ipv4Prefix.TryParse(asked?.Range, out Ipv4Prefix range) ? range : null,
        };
        string? mtu = null;
        network.Spec.Driver?.Options.TryGetValue(MtuOption, out mtu);
        return int.TryParse(mtu, out int bytes) ? allocation with { Mtu = bytes } : allocation;
    }

    public static AddressPool PoolOf(Network network)
    {
        NetworkAllocation allocation = network.Allocation!;
        IEnumerable<Ipv4Address> auxiliary = (network.Spec.Ipam?.Pools ?? [])
            .SelectMany(p => p.AuxiliaryAddresses.Values)
            .Where(a => Ipv4Address.TryParse(a, out _)).Select(Ipv4Address.Parse);
        return new AddressPool(allocation.Subnet, allocation.Range, auxiliary.Append(allocation.Gateway));
    }

    public static Network? Find(StoreView view, string target) => view.Networks.FindKey(target) is { IsRemoved: false } network ? network : view.Networks.ByName(target);

    /// <summary>Between nodes. All others are each node's own: managers give them nothing.</summary>
    public static bool IsOverlay(this Network network) => !network.IsPredefined() && network.Spec.Driver is null or { Name: "" or "overlay" };

    /// <summary>A subnet around a machine's own address would cut it off from its peers.</summary>
    private static List<Ipv4Address> AddressesOfMachines(StoreView view)
    {
        var addresses = new List<Ipv4Address>();
        foreach (Node node in view.Nodes)
        {
            foreach (string text in (string[])[node.Status.Address, node.Description?.DataPathAddress ?? ""])
            {
                if (Ipv4Address.TryParse(text, out Ipv4Address address))
                {
                    addresses.Add(address);
                }
            }
        }

        return addresses;
    }
}
