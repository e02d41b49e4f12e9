using System.Buffers.Binary;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <summary>Writes one snapshot under a temporary name. It exists once <see cref="Commit"/> has returned; disposed before, nothing of it remains.</summary>
internal sealed class SnapshotWriter : ForwardStream
{
    private const long SyncEveryBytes = 8 << 20;
    private readonly IRaftFiles files;
    private readonly IRaftFile file;
    private readonly FileCipher cipher;
    private readonly string temporaryName;
    private readonly byte[] chunk = new byte[SnapshotFormat.ChunkHeaderSize + SnapshotFormat.ChunkBytes + FileCipher.TagBytes];
    private int buffered;
    private ulong ordinal;
    private long offset = SnapshotFormat.HeaderSize;
    private long synced;
    private ulong total;
    private bool committed;
    private bool disposed;

    public SnapshotWriter(IRaftFiles files, ReadOnlySpan<byte> dataKey, SnapshotMeta meta, string temporaryName)
    {
        this.files = files;
        this.temporaryName = temporaryName;
        Meta = meta;
        Span<byte> salt = stackalloc byte[FileCipher.SaltBytes];
        FileCipher.NewSalt(salt);
        cipher = new FileCipher(dataKey, salt, SnapshotFormat.KeyPurpose);
        file = files.Create(temporaryName, 0);
        try
        {
            file.Write(0, SnapshotFormat.EncodeHeader(salt, cipher.Check.Span));
            WriteChunk(SnapshotChunkKind.Meta, LogCodec.Encode(meta));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public SnapshotMeta Meta { get; }

    /// <summary>Size of the file so far.</summary>
    public long FileBytes => offset;

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int part = Math.Min(buffer.Length, SnapshotFormat.ChunkBytes - buffered);
            buffer[..part].CopyTo(chunk.AsSpan(SnapshotFormat.ChunkHeaderSize + buffered));
            buffered += part;
            buffer = buffer[part..];
            if (buffered == SnapshotFormat.ChunkBytes)
            {
                WriteBuffered();
            }
        }
    }

    /// <summary>Makes the snapshot durable and gives it its name.</summary>
    public void Commit()
    {
        WriteBuffered();
        byte[] trailer = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(trailer, total);
        WriteChunk(SnapshotChunkKind.Trailer, trailer);
        file.Sync();
        files.Rename(temporaryName, SnapshotFormat.NameOf(Meta.Index, Meta.Term));
        files.SyncDirectory();
        committed = true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            file.Dispose();
            cipher.Dispose();
            if (!committed)
            {
                files.Delete(temporaryName);
            }
        }

        base.Dispose(disposing);
    }

    private void WriteBuffered()
    {
        if (buffered > 0)
        {
            total += (ulong)buffered;
            int length = buffered;
            buffered = 0;
            Seal(SnapshotChunkKind.Data, length);
        }
    }

    private void WriteChunk(SnapshotChunkKind kind, ReadOnlySpan<byte> plaintext)
    {
        plaintext.CopyTo(chunk.AsSpan(SnapshotFormat.ChunkHeaderSize));
        Seal(kind, plaintext.Length);
    }

    private void Seal(SnapshotChunkKind kind, int plaintextBytes)
    {
        int length = plaintextBytes + FileCipher.TagBytes;
        Span<byte> header = chunk.AsSpan(0, SnapshotFormat.ChunkHeaderSize);
        Span<byte> body = chunk.AsSpan(SnapshotFormat.ChunkHeaderSize, length);
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)kind);
        cipher.Encrypt(ordinal++, body, header[..SnapshotFormat.AssociatedBytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Extend(Crc32C.Of(header[..8]), body));
        file.Write(offset, chunk.AsSpan(0, SnapshotFormat.ChunkHeaderSize + length));
        offset += SnapshotFormat.ChunkHeaderSize + length;
        if (offset - synced >= SyncEveryBytes)
        {
            // In portions: one large flush at the end would hold up the log's own syncs on the same disk.
            file.Sync();
            synced = offset;
        }
    }
}
