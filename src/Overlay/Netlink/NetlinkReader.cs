using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Skep.Overlay.Netlink;

/// <summary>The attributes behind a message's fixed part.</summary>
internal ref struct NetlinkReader(ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;

    public int Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly uint UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(Value);

    public readonly ushort UInt16BigEndian => BinaryPrimitives.ReadUInt16BigEndian(Value);

    public readonly Ipv4Address Address => Ipv4Address.FromNetworkOrder(Value);

    public readonly string Text => Encoding.UTF8.GetString(Value.TrimEnd((byte)0));

    public readonly NetlinkReader Nested => new(Value);

    public bool Next()
    {
        if (_rest.Length < 4)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < 4 || length > _rest.Length)
        {
            return false;
        }

        Type = BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & 0x3fff;
        Value = _rest[4..length];
        _rest = _rest[Math.Min((length + 3) & ~3, _rest.Length)..];
        return true;
    }

    /// <summary>Splits a message's payload into its fixed part and its attributes.</summary>
    public static NetlinkReader After<T>(ReadOnlySpan<byte> payload, out T header) where T : unmanaged
    {
        header = MemoryMarshal.Read<T>(payload);
        return new NetlinkReader(payload[((Unsafe.SizeOf<T>() + 3) & ~3)..]);
    }
}
