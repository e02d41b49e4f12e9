using Skep.Overlay.Nftables;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Mesh;

/// <summary>What of a node stands in the mesh table's rules rather than in its sets.</summary>
/// <param name="Device">The mesh's VXLAN device.</param>
/// <param name="ClosedRouter">The host did not forward before us: what is not ours is still not forwarded.</param>
internal sealed record MeshParameters(string Device, int DataPathPort, Ipv4Address Node, Ipv4Address? Mesh, Ipv4Address Gateway, int Mtu, bool ClosedRouter);

/// <summary>The table of the host namespace: published ports, the way back through the entry node, egress, isolation.</summary>
/// <remarks>The ingress node translates only the destination. The task's node notes in conntrack by which peer a flow came in (inner source MAC → mark
/// and zone) and routes the replies back to it by policy rules, so the client's address survives.
/// The mark is cleared behind the route decision since VXLAN looks up its outer route with the inner packet's mark.</remarks>
internal static class MeshTable
{
    public const string Name = "skep_mesh";

    /// <summary>Upper half of the marks of mesh flows; the lower half is the index of the entry node.</summary>
    public const uint Mark = 0x53570000;

    public const uint MarkMask = 0xffff0000;

    public const string Nodes = "nodes", SameNode = "same_node", PeerMark = "peer_mark", PeerZone = "peer_zone", Self = "self",
        LocalEndpoint = "local_ep", Dead = "dead", Published = "pub", Backends = "be", HostPorts = "hostpub", AddressPorts = "addrpub", Refused = "refused", Closed = "closed", Open = "open";

    public static TableDefinition Define(MeshParameters p)
    {
        string group = $"0x{VethLink.Group:x}";
        string sameNode = p.Mesh is { } mesh
            ? $"oifname \"{p.Device}\" ip saddr . rt ip nexthop @{SameNode} snat to {mesh}\n    oifname \"{p.Device}\" iifgroup {group} snat to {mesh}"
            : "";
        string closed = p.ClosedRouter
            ? $"iifgroup != {group} oifgroup != {group} iifname != \"{p.Device}\" oifname != \"{p.Device}\" drop"
            : "";
        string body = $$"""
          set {{Nodes}} { type ipv4_addr; }
          set {{SameNode}} { type ipv4_addr . ipv4_addr; }
          map {{PeerMark}} { type ether_addr : mark; }
          map {{PeerZone}} { typeof ether saddr : ct zone; }
          set {{Self}} { type ipv4_addr . ipv4_addr; }
          set {{LocalEndpoint}} { type ipv4_addr . inet_proto . inet_service; }
          set {{Dead}} { type ipv4_addr; }
          map {{Published}} { type inet_proto . inet_service : verdict; }
          map {{Backends}} { type inet_proto . inet_service . mark : ipv4_addr . inet_service; }
          map {{HostPorts}} { type inet_proto . inet_service : ipv4_addr . inet_service; }
          map {{AddressPorts}} { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
          set {{Refused}} { type inet_proto . inet_service; }
          set {{Closed}} { type inet_service; }
          set {{Open}} { type ipv4_addr; }
          chain raw_pre { type filter hook prerouting priority raw;
            udp dport {{p.DataPathPort}} notrack
            iifname "{{p.Device}}" ip daddr 127.0.0.0/8 drop
            iifgroup {{group}} ip daddr 127.0.0.0/8 drop
            iifname "{{p.Device}}" ct original zone set ether saddr map @{{PeerZone}}
          }
          chain raw_out { type filter hook output priority raw; udp dport {{p.DataPathPort}} notrack; }
          chain mangle_pre { type filter hook prerouting priority mangle;
            iifname "{{p.Device}}" ct state new ct mark set ether saddr map @{{PeerMark}}
            iifgroup {{group}} ct direction reply ct mark & 0x{{MarkMask:x}} == 0x{{Mark:x}} meta mark set ct mark
          }
          chain nat_pre { type nat hook prerouting priority dstnat;
            iifname "{{p.Device}}" accept
            fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @{{AddressPorts}}
            fib daddr type local dnat ip to meta l4proto . th dport map @{{HostPorts}}
            fib daddr type local meta l4proto . th dport vmap @{{Published}}
          }
          chain nat_out { type nat hook output priority -100;
            fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @{{AddressPorts}}
            fib daddr type local dnat ip to meta l4proto . th dport map @{{HostPorts}}
            fib daddr type local meta l4proto . th dport vmap @{{Published}}
          }
          chain nat_post { type nat hook postrouting priority srcnat;
            ip saddr . ip daddr @{{Self}} snat to {{p.Gateway}}
            ip saddr 127.0.0.0/8 ct status dnat snat to {{p.Node}}
            {{sameNode}}
            iifgroup {{group}} oifname != "{{p.Device}}" oifgroup != {{group}} masquerade
          }
          chain mangle_post { type filter hook postrouting priority mangle;
            oifname "{{p.Device}}" meta mark & 0x{{MarkMask:x}} == 0x{{Mark:x}} meta mark set 0
          }
          chain forward_f { type filter hook forward priority filter;
            {{closed}}
            oifname "{{p.Device}}" tcp flags syn / syn,rst tcp option maxseg size set {{p.Mtu - 40}}
            iifname "{{p.Device}}" tcp flags syn / syn,rst tcp option maxseg size set {{p.Mtu - 40}}
            ip daddr @{{Dead}} meta l4proto tcp reject with tcp reset
            ip daddr @{{Dead}} reject
            ct state established,related accept
            iifname "{{p.Device}}" ip daddr . meta l4proto . th dport @{{LocalEndpoint}} accept
            iifname "{{p.Device}}" drop
            iifgroup {{group}} oifname "{{p.Device}}" ct status dnat accept
            iifgroup {{group}} oifname "{{p.Device}}" drop
            iifgroup {{group}} udp dport {{p.DataPathPort}} drop
            iifgroup {{group}} ip daddr @{{Nodes}} tcp dport @{{Closed}} drop
            oifgroup {{group}} ct status dnat accept
            iifgroup {{group}} oifgroup {{group}} ip saddr @{{Open}} ip daddr @{{Open}} accept
            oifgroup {{group}} drop
          }
          chain input_f { type filter hook input priority filter;
            udp dport {{p.DataPathPort}} ip saddr != @{{Nodes}} drop
            ct state established,related accept
            iifname "{{p.Device}}" drop
            iifgroup {{group}} tcp dport @{{Closed}} drop
            meta l4proto . th dport @{{Refused}} meta l4proto tcp reject with tcp reset
            meta l4proto . th dport @{{Refused}} reject
          }
          """;
        return new TableDefinition(Name, body, "ct mark set numgen random mod {0}\ndnat ip to meta l4proto . th dport . ct mark map @be");
    }
}
