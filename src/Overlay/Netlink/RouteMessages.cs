using System.Buffers.Binary;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Netlink;

/// <summary>rtnetlink messages for the objects of this room.</summary>
/// <remarks>Source: rtnetlink(7), include/uapi/linux/if_link.h, fib_rules.h. Numbers of attributes stand beside their kernel names.</remarks>
internal static class RouteMessages
{
    /// <summary>Marks our routes and rules in the kernel (RTPROT, FRA_PROTOCOL).</summary>
    public const byte Protocol = 0x53;

    public const ushort NewLink = 16, DelLink = 17, GetLink = 18, NewAddress = 20, DelAddress = 21, GetAddress = 22, NewRoute = 24,
        DelRoute = 25, GetRoute = 26, NewNeighbour = 28, DelNeighbour = 29, GetNeighbour = 30, NewRule = 32, DelRule = 33, GetRule = 34;

    private const byte AfInet = 2, AfBridge = 7;
    private const uint Up = 1, OnLink = 4, InvertedRule = 2;
    private const ushort Permanent = 0x80;
    private const byte NeighbourSelf = 2;
    private const byte ScopeUniverse = 0, ScopeLink = 253;
    private const uint NoPrefixRoute = 0x200;

    /// <summary>A VXLAN device made in <paramref name="namespaceFd"/>, its socket in the namespace this is sent in.</summary>
    public static void AddVxlan(NetlinkWriter to, VxlanLink link, int? namespaceFd)
    {
        to.Begin(NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive);
        to.Struct(default(InterfaceHeader));
        to.Attribute(3, link.Name); // IFLA_IFNAME
        to.Attribute(1, link.Mac); // IFLA_ADDRESS
        to.Attribute(4, (uint)link.Mtu); // IFLA_MTU
        if (namespaceFd is { } fd)
        {
            to.Attribute(28, (uint)fd); // IFLA_NET_NS_FD
        }

        WriteVxlanInfo(to, link, all: true);
        to.End();
    }

    /// <summary>New underlay address of a VXLAN device, which is kept.</summary>
    public static void ChangeVxlan(NetlinkWriter to, int index, VxlanLink link)
    {
        to.Begin(NewLink, 0);
        to.Struct(new InterfaceHeader { Index = index });
        WriteVxlanInfo(to, link, all: false);
        to.End();
    }

    public static void SetMtu(NetlinkWriter to, int index, int mtu)
    {
        to.Begin(NewLink, 0);
        to.Struct(new InterfaceHeader { Index = index });
        to.Attribute(4, (uint)mtu);
        to.End();
    }

    /// <summary>Both ends of a task's interface in place; ours comes up, theirs cannot yet.</summary>
    public static void AddVeth(NetlinkWriter to, VethLink link, int taskNamespaceFd)
    {
        to.Begin(NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive);
        to.Struct(new InterfaceHeader { Flags = Up, Change = Up });
        to.Attribute(3, link.Name);
        to.Attribute(1, VethLink.NodeSide);
        to.Attribute(4, (uint)link.Mtu);
        to.Attribute(27, VethLink.Group); // IFLA_GROUP
        int info = to.BeginNest(18); // IFLA_LINKINFO
        to.Attribute(1, "veth"); // IFLA_INFO_KIND
        int data = to.BeginNest(2), peer = to.BeginNest(1); // IFLA_INFO_DATA, VETH_INFO_PEER
        to.Struct(default(InterfaceHeader));
        to.Attribute(3, link.Interface);
        to.Attribute(1, link.Mac);
        to.Attribute(4, (uint)link.Mtu);
        to.Attribute(28, (uint)taskNamespaceFd);
        to.EndNest(peer);
        to.EndNest(data);
        to.EndNest(info);
        to.End();
    }

    /// <summary>A macvlan device on a device of the namespace this is sent in, made in another one.</summary>
    public static void AddMacvlan(NetlinkWriter to, DirectLink link, int parent, int namespaceFd)
    {
        to.Begin(NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive);
        to.Struct(default(InterfaceHeader));
        to.Attribute(3, link.Name); // IFLA_IFNAME
        to.Attribute(1, link.Mac); // IFLA_ADDRESS
        to.Attribute(5, (uint)parent); // IFLA_LINK
        to.Attribute(28, (uint)namespaceFd); // IFLA_NET_NS_FD
        int info = to.BeginNest(18); // IFLA_LINKINFO
        to.Attribute(1, "macvlan"); // IFLA_INFO_KIND
        int data = to.BeginNest(2); // IFLA_INFO_DATA
        to.Attribute(1, link.Mode); // IFLA_MACVLAN_MODE
        to.EndNest(data);
        to.EndNest(info);
        to.End();
    }

    /// <summary>Brings a link up and sets per-interface IPv4 settings, numbered as in include/uapi/linux/ip.h.</summary>
    public static void SetLink(NetlinkWriter to, int index, params ReadOnlySpan<(int Setting, int Value)> settings)
    {
        to.Begin(NewLink, 0);
        to.Struct(new InterfaceHeader { Index = index, Flags = Up, Change = Up });
        if (settings.Length > 0)
        {
            int families = to.BeginNest(26), inet = to.BeginNest(AfInet), conf = to.BeginNest(1); // IFLA_AF_SPEC, IFLA_INET_CONF
            foreach ((int setting, int value) in settings)
            {
                to.Attribute(setting, (uint)value);
            }

            to.EndNest(conf);
            to.EndNest(inet);
            to.EndNest(families);
        }
        to.End();
    }

    public static void GetLinkNamed(NetlinkWriter to, string name)
    {
        to.Begin(GetLink, 0);
        to.Struct(default(InterfaceHeader));
        to.Attribute(3, name);
        to.End();
    }

    public static void DeleteLinkNamed(NetlinkWriter to, string name)
    {
        to.Begin(DelLink, 0);
        to.Struct(default(InterfaceHeader));
        to.Attribute(3, name);
        to.End();
    }

    /// <summary>All task-side links of a namespace in one message: one wait for the kernel instead of one per link.</summary>
    public static void DeleteLinkGroup(NetlinkWriter to, uint group)
    {
        to.Begin(DelLink, 0);
        to.Struct(default(InterfaceHeader));
        to.Attribute(27, group);
        to.End();
    }

    public static void Address(NetlinkWriter to, bool add, int index, LinkAddress address)
    {
        to.Begin(add ? NewAddress : DelAddress, (ushort)(add ? NetlinkWriter.Create | NetlinkWriter.Replace : 0));
        to.Struct(new AddressHeader { Family = AfInet, PrefixLength = (byte)address.Length, Index = index });
        to.Attribute(2, address.Address); // IFA_LOCAL
        to.Attribute(1, address.Address); // IFA_ADDRESS
        if (add)
        {
            to.Attribute(8, NoPrefixRoute); // IFA_FLAGS
        }

        to.End();
    }

    public static void Forwarding(NetlinkWriter to, bool add, int index, ForwardingEntry entry)
    {
        to.Begin(add ? NewNeighbour : DelNeighbour, (ushort)(add ? NetlinkWriter.Create | NetlinkWriter.Replace : 0));
        to.Struct(new NeighbourHeader { Family = AfBridge, Index = index, State = Permanent, Flags = NeighbourSelf });
        to.Attribute(2, entry.Mac); // NDA_LLADDR
        to.Attribute(1, entry.Destination); // NDA_DST
        to.End();
    }

    public static void Neighbour(NetlinkWriter to, bool add, int index, Neighbour neighbour)
    {
        to.Begin(add ? NewNeighbour : DelNeighbour, (ushort)(add ? NetlinkWriter.Create | NetlinkWriter.Replace : 0));
        to.Struct(new NeighbourHeader { Family = AfInet, Index = index, State = Permanent });
        to.Attribute(1, neighbour.Address);
        to.Attribute(2, neighbour.Mac);
        to.End();
    }

    public static void Route(NetlinkWriter to, bool add, int index, Route route, byte protocol = Protocol)
    {
        to.Begin(add ? NewRoute : DelRoute, (ushort)(add ? NetlinkWriter.Create | NetlinkWriter.Replace : 0));
        to.Struct(new RouteHeader
        {
            Family = AfInet,
            DestinationLength = (byte)route.Destination.Length,
            Table = (byte)(route.Table < 256 ? route.Table : 0),
            Protocol = protocol,
            Scope = route.Via is null ? ScopeLink : ScopeUniverse,
            Type = 1, // RTN_UNICAST
            Flags = add && route.Via is not null ? OnLink : 0,
        });
        if (route.Destination.Length > 0)
        {
            to.Attribute(1, route.Destination.Network); // RTA_DST
        }

        to.Attribute(4, (uint)index); // RTA_OIF
        if (route.Via is { } via)
        {
            to.Attribute(5, via); // RTA_GATEWAY
        }

        to.Attribute(15, route.Table); // RTA_TABLE
        to.End();
    }

    public static void Rule(NetlinkWriter to, bool add, PolicyRule rule)
    {
        to.Begin(add ? NewRule : DelRule, (ushort)(add ? NetlinkWriter.Create | NetlinkWriter.Exclusive : 0));
        to.Struct(new RouteHeader
        {
            Family = AfInet,
            SourceLength = (byte)(rule.Source is null ? 0 : 32),
            Type = (byte)rule.Action,
            Flags = rule.IsInverted ? InvertedRule : 0,
        });
        to.Attribute(6, rule.Preference); // FRA_PRIORITY
        if (rule.Source is { } source)
        {
            to.Attribute(2, source); // FRA_SRC
        }

        if (rule.Mask != 0)
        {
            to.Attribute(10, rule.Mark); // FRA_FWMARK
            to.Attribute(16, rule.Mask); // FRA_FWMASK
        }
        if (rule.Action == RuleAction.Lookup)
        {
            to.Attribute(15, rule.Target); // FRA_TABLE
        }
        else if (rule.Action == RuleAction.Goto)
        {
            to.Attribute(4, rule.Target); // FRA_GOTO
        }

        to.Attribute(21, [Protocol]); // FRA_PROTOCOL
        to.End();
    }

    private static void WriteVxlanInfo(NetlinkWriter to, VxlanLink link, bool all)
    {
        Span<byte> port = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)link.Port);
        int info = to.BeginNest(18);
        to.Attribute(1, "vxlan");
        int data = to.BeginNest(2);
        to.Attribute(1, (uint)link.Vni); // IFLA_VXLAN_ID
        to.Attribute(4, link.Local); // IFLA_VXLAN_LOCAL
        if (all)
        {
            to.Attribute(7, [0]); // IFLA_VXLAN_LEARNING
            to.Attribute(15, port); // IFLA_VXLAN_PORT
        }
        to.EndNest(data);
        to.EndNest(info);
    }
}
