using Skep.Engine.Containers;
using Skep.Overlay;

namespace Skep.Engine.Networks;

/// <summary>A network of this node alone, made by its user.</summary>
/// <param name="Id">64 hexadecimal digits.</param>
/// <param name="Number">Which router namespace it has; never shared.</param>
public sealed record LocalNetwork(string Id, string Name, Ipv4Prefix Subnet, Ipv4Address Gateway, int Number, DateTimeOffset CreatedAt)
{
    public const string MtuOption = "com.docker.network.driver.mtu";
    public const string HostAddressOption = "com.docker.network.bridge.host_binding_ipv4";
    public const string ParentOption = "parent";
    public const string ModeOption = "macvlan_mode";

    /// <summary>The modes of macvlan, with the kernel's numbers.</summary>
    public static readonly IReadOnlyDictionary<string, uint> Modes = new Dictionary<string, uint>(StringComparer.Ordinal) { ["private"] = 1, ["vepa"] = 2, ["bridge"] = 4, ["passthru"] = 8 };

    /// <summary>bridge, or macvlan; null of settings only.</summary>
    public string Driver { get; init; } = "bridge";

    /// <summary>The part of the subnet containers get addresses from; null: all of it.</summary>
    public Ipv4Prefix? Range { get; init; }

    /// <summary>Addresses of the subnet that no container gets, by what their user calls them.</summary>
    public ValueMap<string, string> Auxiliary { get; init; } = ValueMap<string, string>.Empty;

    /// <summary>Its user chose the subnet; only then may containers choose their addresses.</summary>
    public bool HasOwnSubnet { get; init; }

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    /// <summary>Settings only, for other networks to be made from; nothing is ever on it.</summary>
    public bool IsConfigOnly { get; init; }

    /// <summary>Name of the settings it was made from; empty: its own.</summary>
    public string ConfigFrom { get; init; } = "";

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueMap<string, string> Options { get; init; } = ValueMap<string, string>.Empty;

    public NetworkId Key => new(Id);

    /// <summary>Bytes.</summary>
    internal int Mtu => Options.TryGetValue(MtuOption, out string? text) && int.TryParse(text, out int mtu) ? mtu : 1500;

    /// <summary>The address of the node that ports are published on when nothing is said; null: all.</summary>
    internal Ipv4Address? HostAddress => Options.TryGetValue(HostAddressOption, out string? text) && Ipv4Address.TryParse(text, out Ipv4Address address) && address != Ipv4Address.Any ? address : null;

    /// <summary>Its containers hang on a device of the node.</summary>
    internal bool IsDirect => Driver == "macvlan";

    /// <summary>That device.</summary>
    internal string Parent => Options.TryGetValue(ParentOption, out string? parent) ? parent : "";

    internal DirectAttachment Direct(LocalEndpoint endpoint) => Direct(Key, endpoint.Address!.Value, endpoint.Interface);

    internal DirectAttachment Direct(NetworkId network, Ipv4Address address, string @interface)
        => new(network, Parent, Modes.GetValueOrDefault(Options.TryGetValue(ModeOption, out string? mode) ? mode : "bridge", 4u), address, Subnet, @interface)
        {
            Gateway = Internal ? null : Gateway,
        };

    internal OverlayNetwork ToOverlay() => new(Name, Number, Subnet, Gateway, Gateway) { IsLocal = true, Mtu = Mtu, IsInternal = Internal };

    /// <summary>Addresses that no container gets.</summary>
    internal IEnumerable<Ipv4Address> Reserved => [Gateway, Subnet.Network, Subnet.Last, .. Auxiliary.Values.Where(a => Ipv4Address.TryParse(a, out _)).Select(Ipv4Address.Parse)];

    /// <summary>An address for a container.</summary>
    /// <param name="asked">Null: any that is free.</param>
    /// <param name="taken">Those that containers have.</param>
    /// <exception cref="ClusterException">In Docker's words.</exception>
    internal Ipv4Address Choose(Ipv4Address? asked, IReadOnlySet<Ipv4Address> taken)
    {
        HashSet<Ipv4Address> reserved = [.. Reserved];
        if (asked is { } wanted)
        {
            if (!HasOwnSubnet)
            {
                throw ClusterException.Invalid("invalid endpoint settings: user specified IP address is supported only when connecting to networks with user configured subnets");
            }

            if (!Subnet.Contains(wanted))
            {
                throw ClusterException.Invalid($"invalid endpoint settings: no configured subnet contains IP address {wanted}");
            }

            return taken.Contains(wanted) || reserved.Contains(wanted) ? throw new ClusterException(ErrorKind.PermissionDenied, "Address already in use") : wanted;
        }

        Ipv4Prefix range = Range ?? Subnet;
        for (long offset = 0; offset < range.Count; offset++)
        {
            if (!taken.Contains(range[offset]) && !reserved.Contains(range[offset]))
            {
                return range[offset];
            }
        }

        throw new ClusterException(ErrorKind.Unavailable, $"no available IPv4 addresses on this network's address pools: {Name} ({Id})");
    }
}

/// <summary>What a user asks of a new network of the node. Null addresses: chosen here.</summary>
public sealed record LocalNetworkSpec(string Name)
{
    public string Driver { get; init; } = "bridge";

    public Ipv4Prefix? Subnet { get; init; }

    public Ipv4Prefix? Range { get; init; }

    public Ipv4Address? Gateway { get; init; }

    public ValueMap<string, string> Auxiliary { get; init; } = ValueMap<string, string>.Empty;

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool IsConfigOnly { get; init; }

    public string ConfigFrom { get; init; } = "";

    public ValueMap<string, string> Labels { get; init; } = ValueMap<string, string>.Empty;

    public ValueMap<string, string> Options { get; init; } = ValueMap<string, string>.Empty;
}
