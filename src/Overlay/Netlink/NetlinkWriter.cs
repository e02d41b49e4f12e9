using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Skep.Overlay.Netlink;

/// <summary>Several netlink messages one after the other in one buffer.</summary>
/// <remarks>Source: include/uapi/linux/netlink.h; host byte order, everything aligned to four bytes.</remarks>
internal sealed class NetlinkWriter
{
    public const ushort Request = 1, Ack = 4, Dump = 0x300, Replace = 0x100, Exclusive = 0x200, Create = 0x400;
    private const ushort NestedFlag = 0x8000;
    private byte[] _buffer = new byte[4096];
    private int _message;

    public int Length { get; private set; }

    /// <summary>Where each message begins.</summary>
    public List<int> Starts { get; } = [];

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear()
    {
        Length = 0;
        Starts.Clear();
    }

    public void Begin(ushort type, ushort flags)
    {
        _message = Length;
        Starts.Add(_message);
        Span<byte> header = Reserve(16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)(flags | Request));
    }

    public void End() => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_message), Length - _message);

    public void Struct<T>(in T value) where T : unmanaged => MemoryMarshal.Write(Reserve(Unsafe.SizeOf<T>()), value);

    public void Attribute(int type, ReadOnlySpan<byte> value)
    {
        Span<byte> header = Reserve(4 + value.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)type);
        value.CopyTo(header[4..]);
    }

    public void Attribute(int type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Attribute(type, bytes);
    }

    public void Attribute(int type, string value)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetByteCount(value) + 1];
        bytes.Clear();
        Encoding.UTF8.GetBytes(value, bytes);
        Attribute(type, bytes);
    }

    public void Attribute(int type, Ipv4Address value)
    {
        Span<byte> bytes = stackalloc byte[4];
        value.WriteTo(bytes);
        Attribute(type, bytes);
    }

    public void Attribute(int type, MacAddress value)
    {
        Span<byte> bytes = stackalloc byte[6];
        value.WriteTo(bytes);
        Attribute(type, bytes);
    }

    /// <summary>Opens a nested attribute; hand the answer to <see cref="EndNest"/>.</summary>
    public int BeginNest(int type, bool flagged = false)
    {
        int start = Length;
        Span<byte> header = Reserve(4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[2..], (ushort)(type | (flagged ? NestedFlag : 0)));
        return start;
    }

    public void EndNest(int start) => BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start), (ushort)(Length - start));

    public void SetSequence(int start, uint sequence, bool acknowledge)
    {
        Span<byte> header = _buffer.AsSpan(start);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], sequence);
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)(acknowledge ? flags | Ack : flags & ~Ack));
    }

    private Span<byte> Reserve(int length)
    {
        int aligned = (length + 3) & ~3;
        if (Length + aligned > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + aligned));
        }

        Span<byte> space = _buffer.AsSpan(Length, aligned);
        space.Clear();
        Length += aligned;
        return space[..length];
    }
}
