using Skep.Overlay.Planning;

namespace Skep.Overlay.Netlink;

/// <summary>A link as the kernel lists it.</summary>
internal sealed record DumpedLink(string Name, int Index, string Kind, MacAddress Mac, int Mtu, uint Group, bool IsUp)
{
    public int Vni { get; init; }

    public Ipv4Address Local { get; init; }

    public int Port { get; init; }
}

/// <summary>What is in a namespace: links, and of the rest only what this room may have made.</summary>
internal sealed class RouteDump
{
    private const byte AfInet = 2, AfBridge = 7;

    private readonly Dictionary<int, string> _names = [];

    public List<DumpedLink> Links { get; } = [];

    public List<KernelObject> Objects { get; } = [];

    public static RouteDump Of(NetlinkSocket socket)
    {
        var dump = new RouteDump();
        dump.ReadLinks(socket);
        dump.ReadAddresses(socket);
        dump.ReadNeighbours(socket);
        dump.ReadRoutes(socket);
        dump.ReadRules(socket);
        return dump;
    }

    private static List<(ushort Type, byte[] Payload)> List<T>(NetlinkSocket socket, ushort type, T header, int onlyDevice = 0) where T : unmanaged
    {
        var request = new NetlinkWriter();
        request.Begin(type, NetlinkWriter.Dump);
        request.Struct(header);
        if (onlyDevice != 0)
        {
            request.Attribute(8, (uint)onlyDevice); // NDA_IFINDEX
        }

        request.End();
        return socket.List(request);
    }

    private void ReadLinks(NetlinkSocket socket)
    {
        foreach ((_, byte[] payload) in List(socket, RouteMessages.GetLink, default(InterfaceHeader)))
        {
            DumpedLink link = LinkIn(payload);
            _names[link.Index] = link.Name;
            Links.Add(link);
        }
    }

    /// <summary>Reads one RTM_NEWLINK.</summary>
    public static DumpedLink LinkIn(ReadOnlySpan<byte> payload)
    {
        NetlinkReader attributes = NetlinkReader.After(payload, out InterfaceHeader header);
        var link = new DumpedLink("", header.Index, "", default, 0, 0, (header.Flags & 1) != 0);
        while (attributes.Next())
        {
            link = attributes.Type switch
            {
                3 => link with { Name = attributes.Text },
                1 when attributes.Value.Length == 6 => link with { Mac = MacAddress.FromBytes(attributes.Value) },
                4 => link with { Mtu = (int)attributes.UInt32 },
                27 => link with { Group = attributes.UInt32 },
                18 => WithInfo(link, attributes.Nested),
                _ => link,
            };
        }
        return link;
    }

    private static DumpedLink WithInfo(DumpedLink link, NetlinkReader info)
    {
        while (info.Next())
        {
            if (info.Type == 1)
            {
                link = link with { Kind = info.Text };
            }

            if (info.Type != 2 || link.Kind != "vxlan")
            {
                continue;
            }

            NetlinkReader data = info.Nested;
            while (data.Next())
            {
                link = data.Type switch
                {
                    1 => link with { Vni = (int)data.UInt32 },
                    4 => link with { Local = data.Address },
                    15 => link with { Port = data.UInt16BigEndian },
                    _ => link,
                };
            }
        }
        return link;
    }

    private void ReadAddresses(NetlinkSocket socket)
    {
        foreach ((_, byte[] payload) in List(socket, RouteMessages.GetAddress, new AddressHeader { Family = AfInet }))
        {
            NetlinkReader attributes = NetlinkReader.After(payload, out AddressHeader header);
            while (attributes.Next())
            {
                if (attributes.Type == 2 && _names.TryGetValue(header.Index, out string? link))
                {
                    Objects.Add(new LinkAddress(link, attributes.Address, header.PrefixLength));
                }
            }
        }
    }

    private void ReadNeighbours(NetlinkSocket socket)
    {
        foreach ((_, byte[] payload) in List(socket, RouteMessages.GetNeighbour, new NeighbourHeader { Family = AfInet }))
        {
            (string? link, MacAddress mac, Ipv4Address address, ushort state) = NeighbourIn(payload);
            if (link is not null && (state & 0x80) != 0)
            {
                Objects.Add(new Neighbour(link, address, mac));
            }
        }
        foreach (DumpedLink vxlan in Links.Where(l => l.Kind == "vxlan"))
        {
            foreach ((_, byte[] payload) in List(socket, RouteMessages.GetNeighbour, new NeighbourHeader { Family = AfBridge }, vxlan.Index))
            {
                (string? link, MacAddress mac, Ipv4Address destination, _) = NeighbourIn(payload);
                if (link == vxlan.Name && mac != default)
                {
                    Objects.Add(new ForwardingEntry(link, mac, destination));
                }
            }
        }
    }

    private (string? Link, MacAddress Mac, Ipv4Address Address, ushort State) NeighbourIn(ReadOnlySpan<byte> payload)
    {
        NetlinkReader attributes = NetlinkReader.After(payload, out NeighbourHeader header);
        (MacAddress mac, Ipv4Address address) = (default, default);
        while (attributes.Next())
        {
            if (attributes.Type == 1 && attributes.Value.Length == 4)
            {
                address = attributes.Address;
            }
            else if (attributes.Type == 2 && attributes.Value.Length == 6)
            {
                mac = MacAddress.FromBytes(attributes.Value);
            }
        }
        return (_names.GetValueOrDefault(header.Index), mac, address, header.State);
    }

    private void ReadRoutes(NetlinkSocket socket)
    {
        foreach ((_, byte[] payload) in List(socket, RouteMessages.GetRoute, new RouteHeader { Family = AfInet }))
        {
            NetlinkReader attributes = NetlinkReader.After(payload, out RouteHeader header);
            if (header.Protocol != RouteMessages.Protocol)
            {
                continue;
            }

            (uint table, Ipv4Address destination, int device, Ipv4Address? via) = (header.Table, default, 0, null);
            while (attributes.Next())
            {
                switch (attributes.Type)
                {
                    case 1: destination = attributes.Address; break;
                    case 4: device = (int)attributes.UInt32; break;
                    case 5: via = attributes.Address; break;
                    case 15: table = attributes.UInt32; break;
                }
            }
            if (_names.TryGetValue(device, out string? link))
            {
                Objects.Add(new Route(table, new Ipv4Prefix(destination, header.DestinationLength), link, via));
            }
        }
    }

    private void ReadRules(NetlinkSocket socket)
    {
        foreach ((_, byte[] payload) in List(socket, RouteMessages.GetRule, new RouteHeader { Family = AfInet }))
        {
            NetlinkReader attributes = NetlinkReader.After(payload, out RouteHeader header);
            var rule = new PolicyRule(0, (RuleAction)header.Type, header.Table) { IsInverted = (header.Flags & 2) != 0 };
            byte protocol = 0;
            while (attributes.Next())
            {
                switch (attributes.Type)
                {
                    case 2: rule = rule with { Source = attributes.Address }; break;
                    case 4: rule = rule with { Target = attributes.UInt32 }; break;
                    case 6: rule = rule with { Preference = attributes.UInt32 }; break;
                    case 10: rule = rule with { Mark = attributes.UInt32 }; break;
                    case 15 when rule.Action == RuleAction.Lookup: rule = rule with { Target = attributes.UInt32 }; break;
                    case 16: rule = rule with { Mask = attributes.UInt32 }; break;
                    case 21: protocol = attributes.Value[0]; break;
                }
            }
            if (protocol == RouteMessages.Protocol)
            {
                Objects.Add(rule.Action == RuleAction.Nothing ? rule with { Target = 0 } : rule);
            }
        }
    }
}
