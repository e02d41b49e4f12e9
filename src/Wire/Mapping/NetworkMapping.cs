using System.Globalization;
using Skep.Model;
using Skep.Model.Net;

namespace Skep.Wire.Mapping;

public static class NetworkMapping
{
    /// <summary>The driver a cluster network has when none is named.</summary>
    public const string DefaultDriver = "overlay";

    private const string VxlanIds = "com.docker.network.driver.overlay.vxlanid_list";

    public static string WithPrefix(Ipv4Address address, int length) => string.Create(CultureInfo.InvariantCulture, $"{address}/{length}");

    public static WireNetwork ToWire(this Network network) => new()
    {
        Name = network.Name,
        Id = network.Id.Value,
        Created = network.CreatedAt,
        Scope = "swarm",
        Driver = network.Spec.Driver?.Name.OrAbsent() ?? DefaultDriver,
        EnableIPv4 = true,
        EnableIPv6 = network.Spec.Ipv6,
        Ipam = new WireIpam
        {
            Driver = network.Spec.Ipam?.Driver?.Name.OrAbsent() ?? "default",
            Options = network.Spec.Ipam?.Driver?.Options.OrAbsent(),
            Config = Pools(network),
        },
        Internal = network.Spec.Internal,
        Attachable = network.Spec.Attachable,
        Ingress = network.Spec.Ingress,
        ConfigFrom = new WireConfigFrom { Network = network.Spec.ConfigFrom ?? "" },
        Containers = [],
        Options = DriverState(network).ToWire(),
        Labels = network.Spec.Annotations.Labels.ToWire(),
    };

    /// <summary>The same network as tasks show it.</summary>
    public static WireAttachedNetwork ToAttached(this Network network) => new()
    {
        Id = network.Id.Value,
        Version = network.Version.ToWire(),
        CreatedAt = network.CreatedAt,
        UpdatedAt = network.UpdatedAt,
        Spec = new WireAttachedNetworkSpec
        {
            Name = network.Name,
            Labels = network.Spec.Annotations.Labels.ToWire(),
            DriverConfiguration = (network.Spec.Driver ?? new Driver(DefaultDriver)).ToWire(),
            Internal = network.Spec.Internal,
            Attachable = network.Spec.Attachable,
            Ingress = network.Spec.Ingress,
            Scope = "swarm",
        },
        DriverState = new WireDriver { Name = network.Spec.Driver?.Name.OrAbsent() ?? DefaultDriver, Options = DriverState(network).OrAbsent() },
        IpamOptions = new WireAttachedIpam { Driver = new WireDriver { Name = network.Spec.Ipam?.Driver?.Name.OrAbsent() ?? "default" }, Configs = Pools(network) },
    };

    /// <summary>The request that creates such a network.</summary>
    public static WireNetworkCreate ToCreate(this NetworkSpec spec) => new()
    {
        Name = spec.Annotations.Name,
        Labels = spec.Annotations.Labels.ToWire(),
        Driver = spec.Driver?.Name,
        Options = spec.Driver?.Options.ToWire(),
        Scope = spec.ConfigFrom is null ? "" : "swarm",
        EnableIPv6 = spec.Ipv6 ? true : null,
        Internal = spec.Internal,
        Attachable = spec.Attachable,
        Ingress = spec.Ingress,
        ConfigFrom = spec.ConfigFrom is { } from ? new WireConfigFrom { Network = from } : null,
        Ipam = spec.Ipam is { } ipam
            ? new WireIpam { Driver = ipam.Driver?.Name, Options = ipam.Driver?.Options.ToWire(), Config = [.. ipam.Pools.Select(ToWire)] }
            : null,
    };

    /// <exception cref="ClusterException">The request asks for what cluster networks do not have.</exception>
    public static NetworkSpec ToModel(this WireNetworkCreate create)
    {
        if (create.ConfigOnly)
        {
            throw ClusterException.Invalid("config-only networks belong to one node: scope must be local");
        }

        if (create.EnableIPv4 is false)
        {
            throw ClusterException.Invalid("IPv4 cannot be disabled in a swarm scope network");
        }

        return new NetworkSpec(OmitEmpty.Annotations(create.Name, create.Labels))
        {
            Driver = create.Driver is { Length: > 0 } driver || create.Options is { Count: > 0 }
                ? new Driver(create.Driver ?? "") { Options = create.Options.ToModel() }
                : null,
            Ipv6 = create.EnableIPv6 ?? false,
            Internal = create.Internal,
            Attachable = create.Attachable,
            Ingress = create.Ingress,
            ConfigFrom = create.ConfigFrom?.Network is { Length: > 0 } from ? from : null,
            Ipam = create.Ipam is { } ipam
                ? new IpamSpec
                {
                    Driver = ipam.Driver is { Length: > 0 } || ipam.Options is { Count: > 0 } ? new Driver(ipam.Driver ?? "") { Options = ipam.Options.ToModel() } : null,
                    Pools = ipam.Config.ToModel(ToModel),
                }
                : null,
        };
    }

    private static WireIpamPool ToWire(IpamPool pool) => new()
    {
        Subnet = pool.Subnet.OrAbsent(),
        IpRange = pool.Range.OrAbsent(),
        Gateway = pool.Gateway.OrAbsent(),
        AuxiliaryAddresses = pool.AuxiliaryAddresses.OrAbsent(),
    };

    private static IpamPool ToModel(WireIpamPool pool) => new(pool.Subnet ?? "", pool.IpRange ?? "", pool.Gateway ?? "")
    {
        AuxiliaryAddresses = (pool.AuxAddress ?? pool.AuxiliaryAddresses).ToModel(),
    };

    private static List<WireIpamPool> Pools(Network network)
    {
        if (network.Allocation is not { Vni: > 0 } allocation)
        {
            return [.. (network.Spec.Ipam?.Pools ?? []).Select(ToWire)];
        }

        return
        [
            new WireIpamPool
            {
                Subnet = allocation.Subnet.ToString(),
                IpRange = allocation.Range?.ToString(),
                Gateway = allocation.Gateway.ToString(),
                AuxiliaryAddresses = network.Spec.Ipam is { Pools: [var asked, ..] } ? asked.AuxiliaryAddresses.OrAbsent() : null,
            },
        ];
    }

    private static ValueMap<string, string> DriverState(Network network)
    {
        ValueMap<string, string> options = network.Spec.Driver?.Options ?? ValueMap<string, string>.Empty;
        return network.Allocation is { Vni: > 0 } allocation
            ? options.Set(VxlanIds, allocation.Vni.ToString(CultureInfo.InvariantCulture))
            : options;
    }
}
