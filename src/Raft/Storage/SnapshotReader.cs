using System.Buffers.Binary;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <summary>Reads one snapshot, a chunk at a time; every byte handed out has been verified.</summary>
/// <remarks>Throws <see cref="CorruptSnapshotException"/> from any read, also for a file that merely ends too early.</remarks>
internal sealed class SnapshotReader : ForwardStream
{
    private readonly string _name;
    private readonly IRaftFile _file;
    private readonly FileCipher _cipher;
    private byte[] _chunk = new byte[4096];
    private int _position;
    private int _available;
    private ulong _ordinal;
    private long _offset = SnapshotFormat.HeaderSize;
    private ulong _total;
    private bool _ended;

    public SnapshotReader(IRaftFiles files, ReadOnlySpan<byte> dataKey, string name)
    {
        _name = name;
        _file = files.Open(name);
        try
        {
            byte[] header = new byte[SnapshotFormat.HeaderSize];
            if (_file.Read(0, header) < header.Length)
            {
                throw new CorruptSnapshotException(name, 0, "shorter than its header");
            }

            _cipher = SnapshotFormat.DecodeHeader(name, header, dataKey);
            Meta = ReadMeta();
        }
        catch
        {
            _cipher?.Dispose();
            _file.Dispose();
            throw;
        }
    }

    public SnapshotMeta Meta { get; }

    public override bool CanRead => true;

    public override int Read(Span<byte> buffer)
    {
        while (_available == 0)
        {
            if (_ended || buffer.IsEmpty)
            {
                return 0;
            }

            NextData();
        }

        int part = Math.Min(_available, buffer.Length);
        _chunk.AsSpan(_position, part).CopyTo(buffer);
        _position += part;
        _available -= part;
        return part;
    }

    /// <summary>Reads on to the trailer: a reader that stops early would not notice a file that is cut off.</summary>
    public void VerifyRest()
    {
        Span<byte> sink = stackalloc byte[4096];
        while (Read(sink) > 0)
        {
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
            _cipher.Dispose();
        }

        base.Dispose(disposing);
    }

    private SnapshotMeta ReadMeta()
    {
        long at = _offset;
        if (ReadChunk(out int length) != SnapshotChunkKind.Meta)
        {
            throw new CorruptSnapshotException(_name, at, "the first chunk is not the description");
        }

        try
        {
            return LogCodec.DecodeSnapshotMeta(_chunk.AsMemory(0, length));
        }
        catch (RaftFormatException e)
        {
            throw new CorruptSnapshotException(_name, at, e.Message);
        }
    }

    private void NextData()
    {
        long at = _offset;
        switch (ReadChunk(out int length))
        {
            case SnapshotChunkKind.Data:
                _position = 0;
                _available = length;
                _total += (ulong)length;
                break;
            case SnapshotChunkKind.Trailer when length == sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(_chunk) == _total && _offset == _file.Length:
                _ended = true;
                break;
            default:
                throw new CorruptSnapshotException(_name, at, "misplaced chunk, or the length in the trailer does not fit");
        }
    }

    private SnapshotChunkKind ReadChunk(out int plaintextBytes)
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.ChunkHeaderSize];
        if (_file.Read(_offset, header) < header.Length)
        {
            throw new CorruptSnapshotException(_name, _offset, "the file ends before its trailer");
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length < FileCipher.TagBytes || length > SnapshotFormat.ChunkBytes + FileCipher.TagBytes)
        {
            throw new CorruptSnapshotException(_name, _offset, $"impossible chunk length {length}");
        }

        if (_chunk.Length < length)
        {
            _chunk = new byte[SnapshotFormat.ChunkBytes + FileCipher.TagBytes];
        }

        Span<byte> body = _chunk.AsSpan(0, length);
        if (_file.Read(_offset + header.Length, body) < length)
        {
            throw new CorruptSnapshotException(_name, _offset, "the file ends within a chunk");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != Crc32C.Extend(Crc32C.Of(header[..8]), body))
        {
            throw new CorruptSnapshotException(_name, _offset, "a chunk's checksum does not fit");
        }

        if (!_cipher.TryDecrypt(_ordinal++, body, header[..SnapshotFormat.AssociatedBytes]))
        {
            throw new CorruptSnapshotException(_name, _offset, "a chunk fails authentication although its checksum fits: it was altered or moved");
        }

        _offset += header.Length + length;
        plaintextBytes = length - FileCipher.TagBytes;
        return (SnapshotChunkKind)BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
    }
}
