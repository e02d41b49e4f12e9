using Skep.Model;
using Skep.Model.Net;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class NetworkMapping
{
    public static Proto.Network ToProto(this Network network) => new()
    {
        Id = network.Id.Value,
        Meta = AnnotationsMapping.MetaOf(network),
        Spec = network.Spec.ToProto(),
        IsRemoved = network.IsRemoved,
        Allocation = network.Allocation is { } allocation
            ? new Proto.NetworkAllocation
            {
                Vni = allocation.Vni,
                Subnet = allocation.Subnet.ToProto(),
                Gateway = allocation.Gateway.Value,
                Range = allocation.Range?.ToProto(),
                Mtu = allocation.Mtu,
            }
            : null,
    };

    public static Network ToModel(this Proto.Network network)
    {
        Proto.Meta meta = Need(network.Meta);
        return new Network(new NetworkId(network.Id))
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Spec = Need(network.Spec).ToModel(),
            IsRemoved = network.IsRemoved,
            Allocation = network.Allocation is { } allocation
                ? new NetworkAllocation(allocation.Vni, Need(allocation.Subnet).ToModel(), new Ipv4Address(allocation.Gateway))
                {
                    Range = allocation.Range?.ToModel(),
                    Mtu = allocation.Mtu,
                }
                : null,
        };
    }

    private static Proto.NetworkSpec ToProto(this NetworkSpec spec)
    {
        var proto = new Proto.NetworkSpec
        {
            Annotations = spec.Annotations.ToProto(),
            Driver = spec.Driver?.ToProto(),
            Internal = spec.Internal,
            Attachable = spec.Attachable,
            Ingress = spec.Ingress,
            Ipv6 = spec.Ipv6,
            Ipam = spec.Ipam is { } ipam ? new Proto.IpamSpec { Driver = ipam.Driver?.ToProto(), Pools = { ipam.Pools.Select(ToProto) } } : null,
        };
        if (spec.ConfigFrom is not null)
        {
            proto.ConfigFrom = spec.ConfigFrom;
        }

        return proto;
    }

    private static NetworkSpec ToModel(this Proto.NetworkSpec spec) => new(Need(spec.Annotations).ToModel())
    {
        Driver = spec.Driver?.ToModel(),
        Internal = spec.Internal,
        Attachable = spec.Attachable,
        Ingress = spec.Ingress,
        Ipv6 = spec.Ipv6,
        Ipam = spec.Ipam is { } ipam
            ? new IpamSpec
            {
                Driver = ipam.Driver?.ToModel(),
                Pools = ipam.Pools.ToList(p => new IpamPool(p.Subnet, p.Range, p.Gateway) { AuxiliaryAddresses = p.AuxiliaryAddresses.ToMap() }),
            }
            : null,
        ConfigFrom = spec.HasConfigFrom ? spec.ConfigFrom : null,
    };

    private static Proto.IpamPool ToProto(IpamPool pool) => new()
    {
        Subnet = pool.Subnet,
        Range = pool.Range,
        Gateway = pool.Gateway,
        AuxiliaryAddresses = { pool.AuxiliaryAddresses.ToPairs() },
    };
}
