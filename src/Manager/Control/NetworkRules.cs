namespace Skep.Manager.Control;

/// <summary>What a network may ask for.</summary>
/// <remarks>Source: moby/swarmkit:manager/controlapi/network.go.</remarks>
internal static class NetworkRules
{
    // Options that some room obeys; any other would be stored and forgotten.
    private static readonly string[] OverlayOptions = ["encrypted", "com.docker.network.driver.mtu"];

    public static void Check(NetworkSpec spec)
    {
        string name = spec.Annotations.Name;
        if (PredefinedNetworks.IsReserved(name))
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"operation is not permitted on predefined {name} network");
        }

        NameRules.CheckDnsName(name);
        if (IsOfNodes(spec))
        {
            CheckOfNodes(spec);
            return;
        }

        CheckDriver(spec);
        CheckIngress(spec);
        if (spec.Ipv6)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "IPv6 is not supported in cluster networks");
        }

        if (spec.ConfigFrom is not null)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "overlay networks are not made from a config-only network (ConfigFrom): say the settings themselves");
        }

        CheckIpam(spec.Ipam);
    }

    /// <summary>A subnet that is asked for must be free.</summary>
    public static void CheckOverlap(NetworkSpec spec, StoreView view)
    {
        foreach (IpamPool pool in spec.Ipam?.Pools ?? [])
        {
            if (Ipv4Prefix.TryParse(pool.Subnet, out Ipv4Prefix subnet)
                && view.Networks.FirstOrDefault(n => SubnetOf(n) is { } taken && taken.Overlaps(subnet)) is { } other)
            {
                throw ClusterException.Invalid($"invalid pool request: Pool overlaps with other one on this address space: {subnet} and {SubnetOf(other)} of network {other.Name}{(other.IsRemoved ? ", which was removed, but containers still stop on it" : "")}");
            }
        }
    }

    private static Ipv4Prefix? SubnetOf(Network network)
    {
        if (network.Allocation is { Vni: > 0 } allocation)
        {
            return allocation.Subnet;
        }

        return network.Spec.Ipam?.Pools is [var pool, ..] && Ipv4Prefix.TryParse(pool.Subnet, out Ipv4Prefix asked) ? asked : null;
    }

    /// <summary>A network that each node makes of its own device, by settings it keeps under a name.</summary>
    private static bool IsOfNodes(NetworkSpec spec) => spec.Driver?.Name == "macvlan";

    private static void CheckOfNodes(NetworkSpec spec)
    {
        if (spec.ConfigFrom is null)
        {
            throw new ClusterException(
                ErrorKind.NotImplemented,
                "macvlan networks of the cluster need --config-from: their subnet and parent interface are each node's, so make a network with --config-only on every node first");
        }

        if (spec.Driver!.Options.Count > 0 || spec.Ipam is { Pools.IsEmpty: false } || spec.Ipv6 || spec.Ingress || spec.Attachable)
        {
            throw ClusterException.Invalid("user specified configurations are not supported if the network depends on a configuration network");
        }
    }

    private static void CheckDriver(NetworkSpec spec)
    {
        if (spec.Driver is not { } driver)
        {
            return;
        }

        if (driver.Name is not ("" or "overlay"))
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"network driver '{driver.Name}' is not supported for cluster networks; there are overlay, and macvlan with --config-from");
        }

        foreach ((string option, string value) in driver.Options)
        {
            if (!OverlayOptions.Contains(option, StringComparer.Ordinal))
            {
                throw new ClusterException(ErrorKind.NotImplemented, $"overlay option '{option}' is not supported; there are {string.Join(", ", OverlayOptions)}");
            }

            if (option == "encrypted" && value is not ("false" or "0"))
            {
                // Every node would refuse its tasks; nothing is ever sent in plain that was to be encrypted.
                throw new ClusterException(
                    ErrorKind.NotImplemented,
                    "overlay option 'encrypted': Skep does not encrypt networks between nodes yet; leave it out, or join the machines by WireGuard and give its addresses with --data-path-addr");
            }

            if (option == "com.docker.network.driver.mtu" && !(int.TryParse(value, out int mtu) && mtu is >= 576 and <= 65535))
            {
                throw ClusterException.Invalid($"com.docker.network.driver.mtu must be a number from 576 to 65535, not '{value}'");
            }
        }
    }

    private static void CheckIngress(NetworkSpec spec)
    {
        if (spec is { Ingress: true, Attachable: true })
        {
            throw ClusterException.Invalid("ingress network cannot be attachable");
        }

        if (spec is { Ingress: true, Internal: true })
        {
            throw ClusterException.Invalid("ingress network cannot be internal");
        }
    }

    private static void CheckIpam(IpamSpec? ipam)
    {
        if (ipam is null)
        {
            return;
        }

        if (ipam.Driver is { Name: not ("" or "default") } or { Options.Count: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"IPAM driver '{ipam.Driver?.Name}' with options is not supported; use default without options");
        }

        if (ipam.Pools.Count > 1)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "a cluster network has one subnet; several IPAM configurations are not supported");
        }

        foreach (IpamPool pool in ipam.Pools)
        {
            CheckPool(pool);
        }
    }

    private static void CheckPool(IpamPool pool)
    {
        if (pool.Subnet.Contains(':', StringComparison.Ordinal))
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"IPv6 is not supported in cluster networks: subnet {pool.Subnet}");
        }

        if (pool.Subnet.Length == 0)
        {
            if (pool.Range.Length + pool.Gateway.Length + pool.AuxiliaryAddresses.Count > 0)
            {
                throw ClusterException.Invalid("ipam configuration: a range, a gateway or auxiliary addresses need a subnet");
            }

            return;
        }

        if (!Ipv4Prefix.TryParse(pool.Subnet, out Ipv4Prefix subnet))
        {
            throw ClusterException.Invalid($"ipam configuration: invalid subnet {pool.Subnet}");
        }

        if (subnet.Length is < 8 or > 29)
        {
            throw ClusterException.Invalid($"ipam configuration: subnet {subnet} must be between /8 and /29");
        }

        if (pool.Range.Length > 0 && !(Ipv4Prefix.TryParse(pool.Range, out Ipv4Prefix range) && subnet.Contains(range)))
        {
            throw ClusterException.Invalid($"ipam configuration: invalid range {pool.Range} in subnet {subnet}");
        }

        CheckAddress("gateway", pool.Gateway, subnet);
        foreach ((string host, string address) in pool.AuxiliaryAddresses)
        {
            CheckAddress($"auxiliary address {host}", address, subnet);
        }
    }

    private static void CheckAddress(string what, string text, Ipv4Prefix subnet)
    {
        if (text.Length > 0 && !(Ipv4Address.TryParse(text, out Ipv4Address address) && subnet.Contains(address)))
        {
            throw ClusterException.Invalid($"ipam configuration: invalid {what} {text} in subnet {subnet}");
        }
    }
}
