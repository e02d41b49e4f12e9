using Skep.Engine.Networks;

namespace Skep.Api.Local;

/// <summary>The body of <c>POST /networks/create</c> for a network of the node. Pure. What would not be obeyed is refused.</summary>
internal static class LocalNetworkRequest
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>, or <see cref="ErrorKind.NotImplemented"/> with the field's name.</exception>
    public static LocalNetworkSpec ToWish(WireNetworkCreate body)
    {
        string name = body.Name ?? "";
        if (name.Trim().Length == 0)
        {
            throw ClusterException.Invalid("invalid network name: name is empty");
        }

        if (name is "bridge" or "host" or "none" or "default")
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"operation is not permitted on predefined {name} network");
        }

        Refuse(name == LocalNetworks.Gateway, $"a {LocalNetworks.Gateway} of one's own", "every node of a swarm has it, with addresses of 172.18.0.0/16");
        string driver = body.ConfigOnly ? "null" : body.Driver is { Length: > 0 } asked ? asked : "bridge";
        string from = body.ConfigFrom?.Network ?? "";
        if (body.ConfigOnly && (body.Driver is not (null or "" or "null" or "bridge" or "macvlan") || from.Length > 0))
        {
            throw ClusterException.Invalid("a configuration-only network holds a subnet and options, and is not made from another");
        }

        if (driver is not ("bridge" or "macvlan" or "null"))
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"network driver '{driver}' is not supported; there are bridge, macvlan, and overlay for the cluster");
        }

        if (from.Length > 0 && (body.Options is { Count: > 0 } || body.Ipam?.Config is { Count: > 0 }))
        {
            throw ClusterException.Invalid("user specified configurations are not supported if the network depends on a configuration network");
        }

        Refuse(body.EnableIPv6 == true, "EnableIPv6", "networks here are IPv4");
        Refuse(body.EnableIPv4 == false, "EnableIPv4", "networks here are IPv4");
        if (body.Ingress)
        {
            throw ClusterException.Invalid("Ingress network cannot be created with a local scope driver");
        }

        foreach ((string option, string value) in body.Options ?? [])
        {
            if (driver == "bridge")
            {
                Check(option, value);
            }
            else
            {
                CheckMacvlan(option, value);
            }
        }

        Refuse(driver == "null" && body.Ipam?.Config is not { Count: > 0 }, "a configuration-only network without a subnet", "name it with --subnet");
        Refuse(driver == "macvlan" && from.Length == 0 && body.Options?.ContainsKey(LocalNetwork.ParentOption) != true, "macvlan without a parent interface", "name it with -o parent=");
        LocalNetworkSpec wish = new(name)
        {
            Driver = driver,
            Internal = body.Internal,
            Attachable = body.Attachable,
            IsConfigOnly = body.ConfigOnly,
            ConfigFrom = from,
            Labels = body.Labels.ToModel(),
            Options = body.Options.ToModel(),
        };
        return Pool(wish, body.Ipam);
    }

    private static LocalNetworkSpec Pool(LocalNetworkSpec wish, WireIpam? ipam)
    {
        if (ipam is null)
        {
            return wish;
        }

        Refuse(ipam.Driver is not (null or "" or "default"), $"IPAM driver '{ipam.Driver}'", "default is");
        Refuse(ipam.Options is { Count: > 0 }, "IPAM.Options", "");
        WireIpamPool[] pools = [.. (ipam.Config ?? []).Where(p => p.Subnet is { Length: > 0 } || p.Gateway is { Length: > 0 } || p.IpRange is { Length: > 0 })];
        Refuse(pools.Length > 1, "IPAM.Config with several subnets", "a network has one");
        if (pools is not [var pool])
        {
            return wish;
        }

        Refuse(pool.Subnet?.Contains(':', StringComparison.Ordinal) == true, $"IPAM subnet {pool.Subnet}", "networks here are IPv4");
        if (pool.Subnet is not { Length: > 0 })
        {
            throw ClusterException.Invalid("invalid network config:\nuser configured subnets only: a gateway or a range needs a subnet");
        }

        if (!Ipv4Prefix.TryParse(pool.Subnet, out Ipv4Prefix subnet))
        {
            throw ClusterException.Invalid($"invalid network config:\ninvalid subnet {pool.Subnet}: invalid CIDR block notation");
        }

        return wish with
        {
            Subnet = subnet,
            Range = pool.IpRange is not { Length: > 0 } range ? null : Ipv4Prefix.TryParse(range, out Ipv4Prefix part) ? part
                : throw ClusterException.Invalid($"invalid network config:\ninvalid ip-range {range}: invalid CIDR block notation"),
            Gateway = pool.Gateway is not { Length: > 0 } gateway ? null : Ipv4Address.TryParse(gateway, out Ipv4Address address) ? address
                : throw ClusterException.Invalid($"invalid network config:\ninvalid gateway {gateway}: invalid address"),
            Auxiliary = (pool.AuxAddress ?? pool.AuxiliaryAddresses).ToModel(),
        };
    }

    private static void CheckMacvlan(string option, string value)
    {
        if (option == LocalNetwork.ModeOption && !LocalNetwork.Modes.ContainsKey(value))
        {
            throw ClusterException.Invalid($"requested macvlan mode '{value}' is not valid, 'bridge' mode is the macvlan driver default");
        }

        Refuse(option is not (LocalNetwork.ModeOption or LocalNetwork.ParentOption), $"macvlan option {option}", "there are parent and macvlan_mode");
    }

    private static void Check(string option, string value)
    {
        switch (option)
        {
            case LocalNetwork.MtuOption:
                if (!int.TryParse(value, out int mtu) || mtu is < 68 or > 65535)
                {
                    throw ClusterException.Invalid($"invalid value for {option}: {value}");
                }

                break;
            case LocalNetwork.HostAddressOption:
                if (!Ipv4Address.TryParse(value, out _))
                {
                    throw ClusterException.Invalid($"invalid value for {option}: {value}");
                }

                break;
            case "com.docker.network.bridge.enable_icc" or "com.docker.network.bridge.enable_ip_masquerade":
                Refuse(value is not ("true" or "1"), $"{option}={value}", "containers of a network reach each other, and the world unless it is internal");
                break;
            case "com.docker.network.bridge.gateway_mode_ipv4":
                Refuse(value != "nat", $"{option}={value}", "nat is");
                break;
            case "com.docker.network.bridge.name":
                Refuse(true, option, "networks are routed here, so there is no bridge interface to be named");
                break;
            default:
                Refuse(true, $"option {option}", "");
                break;
        }
    }

    private static void Refuse(bool isAsked, string what, string instead)
    {
        if (isAsked)
        {
            throw new ClusterException(ErrorKind.NotImplemented, $"{what} is not supported by Skep for networks of a node{(instead.Length > 0 ? ": " + instead : "")}");
        }
    }
}
