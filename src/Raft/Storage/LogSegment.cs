using System.Globalization;

namespace Skep.Raft;

/// <summary>A closed segment: what must be known to decide when it can go.</summary>
/// <param name="LastIndex">Highest entry index ever written to it; 0 if none.</param>
internal readonly record struct ClosedSegment(string Name, ulong LastIndex);

/// <summary>Names of segments: place in the sequence, then the index the log stood before when it was started.</summary>
internal static class SegmentName
{
    private const string Prefix = "log-";
    private const string Suffix = ".wal";
    public const string Temporary = "log.tmp";

    public static string Of(ulong sequence, ulong firstIndex) => $"{Prefix}{sequence:x16}-{firstIndex:x16}{Suffix}";

    public static bool TryParse(string name, out ulong sequence)
    {
        sequence = 0;
        return name.Length == Prefix.Length + 33 + Suffix.Length
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(Prefix.Length, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out sequence);
    }

    /// <summary>Of a record's place: binds ciphertext to this log and this segment.</summary>
    public static byte[] KeyPurpose(Guid logId, ulong sequence) => [.. "skep raft log "u8, .. logId.ToByteArray(), .. BitConverter.GetBytes(sequence)];
}

/// <summary>The segment being written. Collects records in memory; <see cref="Sync"/> writes them with one call and makes them durable.</summary>
internal sealed class OpenSegment : IDisposable
{
    private readonly IRaftFile file;
    private readonly FileCipher cipher;
    private byte[] buffer = new byte[64 << 10];
    private int buffered;
    private uint ordinal;
    private uint durable = SegmentHeader.Size;
    private long written = SegmentHeader.Size;

    public OpenSegment(string name, IRaftFile file, FileCipher cipher, uint chain)
    {
        Name = name;
        this.file = file;
        this.cipher = cipher;
        Chain = chain;
    }

    public string Name { get; }

    public uint Chain { get; private set; }

    public ulong LastIndex { get; set; }

    /// <summary>Where the next record goes.</summary>
    public long Length => written + buffered;

    public bool HasUnsynced => Length > durable;

    /// <summary>Bytes waiting in memory.</summary>
    public int Buffered => buffered;

    public void Append(LogRecordKind kind, ReadOnlySpan<byte> plaintext)
    {
        int payload = plaintext.Length + FileCipher.TagBytes;
        int size = RecordHeader.Padded(payload);
        if (buffered + size > buffer.Length)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, buffered + size));
        }

        Span<byte> record = buffer.AsSpan(buffered, size);
        record[^RecordHeader.Alignment..].Clear();
        RecordHeader header = new(payload, kind, ordinal, checked((uint)Length), durable, Chain, 0);
        header.WriteAssociated(record);
        Span<byte> body = record.Slice(RecordHeader.Size, payload);
        plaintext.CopyTo(body);
        cipher.Encrypt(ordinal, body, record[..RecordHeader.AssociatedBytes]);
        Chain = RecordHeader.Seal(record[..RecordHeader.Size], body);
        ordinal++;
        buffered += size;
    }

    /// <summary>Hands the collected records to the file without waiting for the medium.</summary>
    public void Flush()
    {
        if (buffered == 0)
        {
            return;
        }

        file.Write(written, buffer.AsSpan(0, buffered));
        written += buffered;
        buffered = 0;
        if (buffer.Length > 4 << 20)
        {
            buffer = new byte[64 << 10];
        }
    }

    public void Sync()
    {
        Flush();
        file.Sync();
        durable = (uint)written;
    }

    /// <summary>Makes everything durable and gives back what was reserved; nothing is written to it afterwards.</summary>
    public ClosedSegment Close()
    {
        Sync();
        file.Truncate(written);
        return new ClosedSegment(Name, LastIndex);
    }

    public void Dispose()
    {
        file.Dispose();
        cipher.Dispose();
    }
}
