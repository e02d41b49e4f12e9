using System.Buffers.Binary;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <summary>Writes one snapshot under a temporary name. It exists once <see cref="Commit"/> has returned; disposed before, nothing of it remains.</summary>
internal sealed class SnapshotWriter : ForwardStream
{
    private readonly IRaftFiles files;
    private readonly IRaftFile file;
    private readonly FileCipher cipher;
    private readonly string temporaryName;
    private readonly byte[] chunk = new byte[SnapshotFormat.ChunkHeaderSize + SnapshotFormat.ChunkBytes + FileCipher.TagBytes];
    private int buffered;
    private ulong ordinal;
    private long offset = SnapshotFormat.HeaderSize;
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
        file.Write(0, SnapshotFormat.EncodeHeader(salt, cipher.Check.Span));
        WriteChunk(SnapshotChunkKind.Meta, LogCodec.Encode(meta));
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
    }
}
