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
    private readonly IRaftFile _file;
    private readonly FileCipher _cipher;
    private byte[] _buffer = new byte[64 << 10];
    private int _buffered;
    private uint _ordinal;
    private uint _durable = SegmentHeader.Size;
    private long _written = SegmentHeader.Size;

    public OpenSegment(string name, IRaftFile file, FileCipher cipher, uint chain)
    {
        Name = name;
        _file = file;
        _cipher = cipher;
        Chain = chain;
    }

    public string Name { get; }

    public uint Chain { get; private set; }

    public ulong LastIndex { get; set; }

    /// <summary>Where the next record goes.</summary>
    public long Length => _written + _buffered;

    public bool HasUnsynced => Length > _durable;

    /// <summary>Bytes waiting in memory.</summary>
    public int Buffered => _buffered;

    public void Append(LogRecordKind kind, ReadOnlySpan<byte> plaintext)
    {
        int payload = plaintext.Length + FileCipher.TagBytes;
        int size = RecordHeader.Padded(payload);
        if (_buffered + size > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _buffered + size));
        }

        Span<byte> record = _buffer.AsSpan(_buffered, size);
        record[^RecordHeader.Alignment..].Clear();
        RecordHeader header = new(payload, kind, _ordinal, checked((uint)Length), _durable, Chain, 0);
        header.WriteAssociated(record);
        Span<byte> body = record.Slice(RecordHeader.Size, payload);
        plaintext.CopyTo(body);
        _cipher.Encrypt(_ordinal, body, record[..RecordHeader.AssociatedBytes]);
        Chain = RecordHeader.Seal(record[..RecordHeader.Size], body);
        _ordinal++;
        _buffered += size;
    }

    /// <summary>Hands the collected records to the file without waiting for the medium.</summary>
    public void Flush()
    {
        if (_buffered == 0)
        {
            return;
        }

        _file.Write(_written, _buffer.AsSpan(0, _buffered));
        _written += _buffered;
        _buffered = 0;
        if (_buffer.Length > 4 << 20)
        {
            _buffer = new byte[64 << 10];
        }
    }

    public void Sync()
    {
        Flush();
        _file.Sync();
        _durable = (uint)_written;
    }

    /// <summary>Makes everything durable and gives back what was reserved; nothing is written to it afterwards.</summary>
    public ClosedSegment Close()
    {
        Sync();
        _file.Truncate(_written);
        return new ClosedSegment(Name, LastIndex);
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher.Dispose();
    }
}
