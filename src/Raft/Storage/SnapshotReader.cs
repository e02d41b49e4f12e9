using System.Buffers.Binary;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <summary>Reads one snapshot, a chunk at a time; every byte handed out has been verified.</summary>
/// <remarks>Throws <see cref="CorruptSnapshotException"/> from any read, also for a file that merely ends too early.</remarks>
internal sealed class SnapshotReader : ForwardStream
{
    private readonly string name;
    private readonly IRaftFile file;
    private readonly FileCipher cipher;
    private byte[] chunk = new byte[4096];
    private int position;
    private int available;
    private ulong ordinal;
    private long offset = SnapshotFormat.HeaderSize;
    private ulong total;
    private bool ended;

    public SnapshotReader(IRaftFiles files, ReadOnlySpan<byte> dataKey, string name)
    {
        this.name = name;
        file = files.Open(name);
        try
        {
            byte[] header = new byte[SnapshotFormat.HeaderSize];
            if (file.Read(0, header) < header.Length)
            {
                throw new CorruptSnapshotException(name, 0, "shorter than its header");
            }

            cipher = SnapshotFormat.DecodeHeader(name, header, dataKey);
            Meta = ReadMeta();
        }
        catch
        {
            cipher?.Dispose();
            file.Dispose();
            throw;
        }
    }

    public SnapshotMeta Meta { get; }

    public override bool CanRead => true;

    public override int Read(Span<byte> buffer)
    {
        while (available == 0)
        {
            if (ended || buffer.IsEmpty)
            {
                return 0;
            }

            NextData();
        }

        int part = Math.Min(available, buffer.Length);
        chunk.AsSpan(position, part).CopyTo(buffer);
        position += part;
        available -= part;
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
            file.Dispose();
            cipher.Dispose();
        }

        base.Dispose(disposing);
    }

    private SnapshotMeta ReadMeta()
    {
        long at = offset;
        if (ReadChunk(out int length) != SnapshotChunkKind.Meta)
        {
            throw new CorruptSnapshotException(name, at, "the first chunk is not the description");
        }

        try
        {
            return LogCodec.DecodeSnapshotMeta(chunk.AsMemory(0, length));
        }
        catch (RaftFormatException e)
        {
            throw new CorruptSnapshotException(name, at, e.Message);
        }
    }

    private void NextData()
    {
        long at = offset;
        switch (ReadChunk(out int length))
        {
            case SnapshotChunkKind.Data:
                position = 0;
                available = length;
                total += (ulong)length;
                break;
            case SnapshotChunkKind.Trailer when length == sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(chunk) == total && offset == file.Length:
                ended = true;
                break;
            default:
                throw new CorruptSnapshotException(name, at, "misplaced chunk, or the length in the trailer does not fit");
        }
    }

    private SnapshotChunkKind ReadChunk(out int plaintextBytes)
    {
        Span<byte> header = stackalloc byte[SnapshotFormat.ChunkHeaderSize];
        if (file.Read(offset, header) < header.Length)
        {
            throw new CorruptSnapshotException(name, offset, "the file ends before its trailer");
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length < FileCipher.TagBytes || length > SnapshotFormat.ChunkBytes + FileCipher.TagBytes)
        {
            throw new CorruptSnapshotException(name, offset, $"impossible chunk length {length}");
        }

        if (chunk.Length < length)
        {
            chunk = new byte[SnapshotFormat.ChunkBytes + FileCipher.TagBytes];
        }

        Span<byte> body = chunk.AsSpan(0, length);
        if (file.Read(offset + header.Length, body) < length)
        {
            throw new CorruptSnapshotException(name, offset, "the file ends within a chunk");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != Crc32C.Extend(Crc32C.Of(header[..8]), body))
        {
            throw new CorruptSnapshotException(name, offset, "a chunk's checksum does not fit");
        }

        if (!cipher.TryDecrypt(ordinal++, body, header[..SnapshotFormat.AssociatedBytes]))
        {
            throw new CorruptSnapshotException(name, offset, "a chunk fails authentication although its checksum fits: it was altered or moved");
        }

        offset += header.Length + length;
        plaintextBytes = length - FileCipher.TagBytes;
        return (SnapshotChunkKind)BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
    }
}
