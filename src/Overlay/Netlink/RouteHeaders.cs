using System.Runtime.InteropServices;

namespace Skep.Overlay.Netlink;

/// <summary>Fixed parts of rtnetlink messages.</summary>
/// <remarks>Source: include/uapi/linux/rtnetlink.h, if_addr.h, neighbour.h, fib_rules.h.</remarks>
[StructLayout(LayoutKind.Sequential)]
internal struct InterfaceHeader
{
    public byte Family;
    public byte Pad;
    public ushort Type;
    public int Index;
    public uint Flags;
    public uint Change;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AddressHeader
{
    public byte Family;
    public byte PrefixLength;
    public byte Flags;
    public byte Scope;
    public int Index;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NeighbourHeader
{
    public byte Family;
    public byte Pad1;
    public ushort Pad2;
    public int Index;
    public ushort State;
    public byte Flags;
    public byte Type;
}

/// <summary>Routes and, with <see cref="Type"/> as action, policy rules.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteHeader
{
    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte TypeOfService;
    public byte Table;
    public byte Protocol;
    public byte Scope;
    public byte Type;
    public uint Flags;
}
