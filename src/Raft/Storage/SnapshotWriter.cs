using System.Buffers.Binary;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <summary>Writes one snapshot under a temporary name. It exists once <see cref="Commit"/> has returned; disposed before, nothing of it remains.</summary>
internal sealed class SnapshotWriter : ForwardStream
{
    private const long SyncEveryBytes = 8 << 20;
    private readonly IRaftFiles _files;
    private readonly IRaftFile _file;
    private readonly FileCipher _cipher;
    private readonly string _temporaryName;
    private readonly byte[] _chunk = new byte[SnapshotFormat.ChunkHeaderSize + SnapshotFormat.ChunkBytes + FileCipher.TagBytes];
    private int _buffered;
    private ulong _ordinal;
    private long _offset = SnapshotFormat.HeaderSize;
    private long _synced;
    private ulong _total;
    private bool _committed;
    private bool _disposed;

    public SnapshotWriter(IRaftFiles files, ReadOnlySpan<byte> dataKey, SnapshotMeta meta, string temporaryName)
    {
        _files = files;
        _temporaryName = temporaryName;
        Meta = meta;
        Span<byte> salt = stackalloc byte[FileCipher.SaltBytes];
        FileCipher.NewSalt(salt);
        _cipher = new FileCipher(dataKey, salt, SnapshotFormat.KeyPurpose);
        _file = files.Create(temporaryName, 0);
        try
        {
            _file.Write(0, SnapshotFormat.EncodeHeader(salt, _cipher.Check.Span));
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
    public long FileBytes => _offset;

    public override bool CanWrite => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int part = Math.Min(buffer.Length, SnapshotFormat.ChunkBytes - _buffered);
            buffer[..part].CopyTo(_chunk.AsSpan(SnapshotFormat.ChunkHeaderSize + _buffered));
            _buffered += part;
            buffer = buffer[part..];
            if (_buffered == SnapshotFormat.ChunkBytes)
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
        BinaryPrimitives.WriteUInt64LittleEndian(trailer, _total);
        WriteChunk(SnapshotChunkKind.Trailer, trailer);
        _file.Sync();
        _files.Rename(_temporaryName, SnapshotFormat.NameOf(Meta.Index, Meta.Term));
        _files.SyncDirectory();
        _committed = true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _file.Dispose();
            _cipher.Dispose();
            if (!_committed)
            {
                _files.Delete(_temporaryName);
            }
        }

        base.Dispose(disposing);
    }

    private void WriteBuffered()
    {
        if (_buffered > 0)
        {
            _total += (ulong)_buffered;
            int length = _buffered;
            _buffered = 0;
            Seal(SnapshotChunkKind.Data, length);
        }
    }

    private void WriteChunk(SnapshotChunkKind kind, ReadOnlySpan<byte> plaintext)
    {
        plaintext.CopyTo(_chunk.AsSpan(SnapshotFormat.ChunkHeaderSize));
        Seal(kind, plaintext.Length);
    }

    private void Seal(SnapshotChunkKind kind, int plaintextBytes)
    {
        int length = plaintextBytes + FileCipher.TagBytes;
        Span<byte> header = _chunk.AsSpan(0, SnapshotFormat.ChunkHeaderSize);
        Span<byte> body = _chunk.AsSpan(SnapshotFormat.ChunkHeaderSize, length);
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)kind);
        _cipher.Encrypt(_ordinal++, body, header[..SnapshotFormat.AssociatedBytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Extend(Crc32C.Of(header[..8]), body));
        _file.Write(_offset, _chunk.AsSpan(0, SnapshotFormat.ChunkHeaderSize + length));
        _offset += SnapshotFormat.ChunkHeaderSize + length;
        if (_offset - _synced >= SyncEveryBytes)
        {
            // In portions: one large flush at the end would hold up the log's own syncs on the same disk.
            _file.Sync();
            _synced = _offset;
        }
    }
}
