using Skep.Overlay.Nftables;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Mesh;

/// <summary>The table of one overlay network's router namespace: virtual addresses, hairpin, dead backends.</summary>
/// <remarks>The slot travels in the ct mark: nft 1.0.6 takes no numgen inside a concatenation, and a packet mark would take part in routing.
/// Slots are drawn at random, not in turn: chains are shared by services, a shared counter would tie them to each other.</remarks>
internal static class RouterTable
{
    public const string Name = "skep_net";

    public const string Device = "vx";

    public const string Virtual = "vip", Backends = "be", Self = "self", Dead = "dead", Refused = "refused";

    public static TableDefinition Define(Ipv4Address gateway)
    {
        string group = $"0x{VethLink.Group:x}";
        string body = $$"""
          map {{Virtual}} { type ipv4_addr : verdict; }
          map {{Backends}} { type ipv4_addr . mark : ipv4_addr; }
          set {{Self}} { type ipv4_addr . ipv4_addr; }
          set {{Dead}} { type ipv4_addr; }
          set {{Refused}} { type ipv4_addr; }
          chain nat_pre { type nat hook prerouting priority dstnat; iifgroup {{group}} ip daddr vmap @{{Virtual}}; }
          chain nat_post { type nat hook postrouting priority srcnat; ip saddr . ip daddr @{{Self}} snat to {{gateway}}; }
          chain forward_f { type filter hook forward priority filter;
            ip daddr @{{Dead}} meta l4proto tcp reject with tcp reset
            ip daddr @{{Dead}} reject
            ct state established,related accept
            iifname "{{Device}}" oifname "{{Device}}" drop
          }
          chain input_f { type filter hook input priority filter;
            ip daddr @{{Refused}} meta l4proto tcp reject with tcp reset
            ip daddr @{{Refused}} reject
          }
          """;
        return new TableDefinition(Name, body, "ct mark set numgen random mod {0}\ndnat to ip daddr . ct mark map @be");
    }
}
