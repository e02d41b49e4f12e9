using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Skep.Overlay.Netlink;

namespace Skep.Overlay.Conntrack;

/// <summary>ctnetlink messages about the flows of one backend.</summary>
/// <remarks>Source: include/uapi/linux/netfilter/nfnetlink_conntrack.h.</remarks>
internal static class FlowMessages
{
    public const byte Udp = 17;

    private const ushort New = 0x100, Get = 0x101, Delete = 0x102, Statistics = 0x105; // NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_*
    private const int TupleOriginal = 1, TupleReply = 2, Status = 3, Timeout = 7, Zone = 18, Filter = 25;
    private const uint FilterSource = 1, FilterProtocol = 8;

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public byte Family;
        public byte Version;
        public ushort ResourceBigEndian;
    }

    /// <summary>All UDP flows answered by <paramref name="backend"/>, in one message.</summary>
    /// <remarks>A kernel that does not know the filter would delete every flow: use only after <see cref="ConntrackFlusher.CanFilterDeletes"/>.</remarks>
    public static void DeleteByFilter(NetlinkWriter to, Ipv4Address backend)
    {
        to.Begin(Delete, NetlinkWriter.Ack);
        to.Struct(new Header { Family = 2, Version = 1 });
        int tuple = to.BeginNest(TupleReply, flagged: true), address = to.BeginNest(1, flagged: true);
        to.Attribute(1, backend);
        to.EndNest(address);
        int protocol = to.BeginNest(2, flagged: true);
        to.Attribute(1, [Udp]);
        to.EndNest(protocol);
        to.EndNest(tuple);
        int filter = to.BeginNest(Filter, flagged: true);
        to.Attribute(1, 0u);
        to.Attribute(2, FilterSource | FilterProtocol);
        to.EndNest(filter);
        to.End();
    }

    public static void List(NetlinkWriter to)
    {
        to.Begin(Get, NetlinkWriter.Dump);
        to.Struct(new Header { Family = 2 });
        to.End();
    }

    /// <summary>Asks how many entries this namespace has: unlike a list or a filtered delete, an answer without a walk through the machine's whole table.</summary>
    public static void Count(NetlinkWriter to)
    {
        to.Begin(Statistics, NetlinkWriter.Ack);
        to.Struct(new Header { Family = 2 });
        to.End();
    }

    /// <summary>The number in an answer to <see cref="Count"/>; null if it is not in there.</summary>
    public static uint? CountIn(ReadOnlySpan<byte> payload)
    {
        const int entries = 1; // CTA_STATS_GLOBAL_ENTRIES
        NetlinkReader attributes = NetlinkReader.After(payload, out Header _);
        while (attributes.Next())
        {
            if (attributes.Type == entries)
            {
                return BinaryPrimitives.ReadUInt32BigEndian(attributes.Value);
            }
        }
        return null;
    }

    public static void DeleteOne(NetlinkWriter to, in Flow flow)
    {
        to.Begin(Delete, NetlinkWriter.Ack);
        to.Struct(new Header { Family = 2 });
        to.Attribute(TupleOriginal | 0x8000, flow.Original);
        if (flow.Zone is { } zone)
        {
            to.Attribute(Zone, zone);
        }

        to.End();
    }

    /// <summary>Makes a UDP flow; only to try out what the kernel can.</summary>
    public static void Add(NetlinkWriter to, Ipv4Address from, Ipv4Address backend)
    {
        to.Begin(New, NetlinkWriter.Create | NetlinkWriter.Exclusive | NetlinkWriter.Ack);
        to.Struct(new Header { Family = 2 });
        Tuple(to, TupleOriginal, from, backend, 1000, 2000);
        Tuple(to, TupleReply, backend, from, 2000, 1000);
        to.Attribute(Status, BigEndian(0));
        to.Attribute(Timeout, BigEndian(60));
        to.End();
    }

    /// <summary>Reads one entry of a list.</summary>
    public static Flow Parse(ReadOnlySpan<byte> payload)
    {
        NetlinkReader attributes = NetlinkReader.After(payload, out Header _);
        (byte[] original, Ipv4Address source, byte protocol, byte[]? zone) = ([], default, 0, null);
        while (attributes.Next())
        {
            switch (attributes.Type)
            {
                case TupleOriginal: original = attributes.Value.ToArray(); break;
                case TupleReply: (source, protocol) = ReplyIn(attributes.Nested); break;
                case Zone: zone = attributes.Value.ToArray(); break;
            }
        }
        return new Flow(original, zone, source, protocol);
    }

    private static (Ipv4Address Source, byte Protocol) ReplyIn(NetlinkReader tuple)
    {
        (Ipv4Address source, byte protocol) = (default, 0);
        while (tuple.Next())
        {
            int part = tuple.Type;
            NetlinkReader inner = tuple.Nested;
            while (inner.Next())
            {
                if (part == 1 && inner.Type == 1)
                {
                    source = inner.Address;
                }
                else if (part == 2 && inner.Type == 1)
                {
                    protocol = inner.Value[0];
                }
            }
        }
        return (source, protocol);
    }

    private static void Tuple(NetlinkWriter to, int type, Ipv4Address source, Ipv4Address destination, ushort sourcePort, ushort destinationPort)
    {
        int tuple = to.BeginNest(type, flagged: true), address = to.BeginNest(1, flagged: true);
        to.Attribute(1, source);
        to.Attribute(2, destination);
        to.EndNest(address);
        int protocol = to.BeginNest(2, flagged: true);
        to.Attribute(1, [Udp]);
        to.Attribute(2, [(byte)(sourcePort >> 8), (byte)sourcePort]);
        to.Attribute(3, [(byte)(destinationPort >> 8), (byte)destinationPort]);
        to.EndNest(protocol);
        to.EndNest(tuple);
    }

    private static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}

/// <summary>A conntrack entry, as far as needed to delete it.</summary>
/// <param name="Original">The original tuple as the kernel wrote it.</param>
/// <param name="Answerer">Source of the replies: the backend.</param>
internal readonly record struct Flow(byte[] Original, byte[]? Zone, Ipv4Address Answerer, byte Protocol);
