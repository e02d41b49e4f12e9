using System.Buffers.Binary;

namespace Skep.Raft;

internal enum LogRecordKind : byte
{
    Entry = 1,
    HardState = 2,

    /// <summary>A snapshot up to here is on disk: what the log holds below is not needed to recover.</summary>
    SnapshotMark = 3,
}

/// <summary>The 128 bytes at the start of each segment. Written and synced under another name, so a segment never has half a header.</summary>
/// <param name="Chain">Checksum of the previous segment's last record.</param>
internal readonly record struct SegmentHeader(Guid LogId, ulong Sequence, ulong FirstIndex, uint Chain, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> KeyCheck)
{
    public const int Size = 128;
    private const uint Version = 1;
    private const int ChecksumAt = Size - sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "SKEPLOG\n"u8;

    public byte[] Encode()
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Chain);
        LogId.TryWriteBytes(bytes.AsSpan(16));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(32), Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), FirstIndex);
        Salt.Span.CopyTo(bytes.AsSpan(48));
        KeyCheck.Span.CopyTo(bytes.AsSpan(80));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumAt), Crc32C.Of(bytes.AsSpan(0, ChecksumAt)));
        return bytes;
    }

    public static SegmentHeader Decode(string file, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Size)
        {
            throw new CorruptLogException(file, 0, "shorter than its header");
        }

        if (!bytes.StartsWith(Magic))
        {
            throw new CorruptLogException(file, 0, "not a log segment");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumAt..]) != Crc32C.Of(bytes[..ChecksumAt]))
        {
            throw new CorruptLogException(file, 0, "header checksum does not fit");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version != Version)
        {
            throw new CorruptLogException(file, 8, $"version {version} is unknown to this program, which writes {Version}");
        }

        return new SegmentHeader(
            new Guid(bytes.Slice(16, 16)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            bytes.Slice(48, FileCipher.SaltBytes).ToArray(),
            bytes.Slice(80, FileCipher.CheckBytes).ToArray());
    }
}

/// <summary>The 32 bytes before each record's ciphertext and tag. Records start at multiples of 8.</summary>
/// <param name="Length">Of ciphertext and tag.</param>
/// <param name="Ordinal">Position in the segment, counted in records: the nonce.</param>
/// <param name="Offset">Where this header stands; a record read anywhere else is not one.</param>
/// <param name="Durable">Everything in the segment before this offset was synced before this record was written.</param>
/// <param name="Chain">Checksum of the record before.</param>
internal readonly record struct RecordHeader(int Length, LogRecordKind Kind, uint Ordinal, uint Offset, uint Durable, uint Chain, uint PayloadChecksum)
{
    public const int Size = 32;
    public const int Alignment = 8;
    public const int AssociatedBytes = 24;
    private const int ChecksumAt = 28;

    public static int Padded(int payloadBytes) => (Size + payloadBytes + Alignment - 1) & ~(Alignment - 1);

    /// <summary>Everything but the payload's checksum: what is authenticated together with the payload.</summary>
    public void WriteAssociated(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], (uint)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], Durable);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], Chain);
    }

    /// <summary>Completes a header whose payload is final. Returns the record's own checksum, which covers the payload's.</summary>
    public static uint Seal(Span<byte> header, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header[AssociatedBytes..], Crc32C.Of(payload));
        uint checksum = Crc32C.Of(header[..ChecksumAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[ChecksumAt..], checksum);
        return checksum;
    }

    /// <summary>A whole record whose checksums fit, at <paramref name="offset"/> of a segment. Says nothing about the chain.</summary>
    public static bool TryRead(ReadOnlySpan<byte> segment, int offset, out RecordHeader header, out uint checksum)
    {
        header = default;
        checksum = 0;
        if (segment.Length - offset < Size)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = segment.Slice(offset, Size);
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumAt..]);
        header = new RecordHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            (LogRecordKind)bytes[4],
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[AssociatedBytes..]));
        return header.Length >= FileCipher.TagBytes
            && header.Length <= segment.Length - offset - Size
            && header.Offset == offset
            && checksum == Crc32C.Of(bytes[..ChecksumAt])
            && header.PayloadChecksum == Crc32C.Of(segment.Slice(offset + Size, header.Length));
    }
}
