using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Skep.Raft.Codec;

namespace Skep.Raft;

internal sealed record WriteAheadLogOptions
{
    /// <summary>A segment that has reached this size is followed by a new one. At most 1 GiB.</summary>
    public int SegmentBytes { get; init; } = 16 << 20;
}

/// <summary>The log on disk: append, then <see cref="Sync"/> once for the whole group. See docs/adr/0003.</summary>
/// <remarks>
/// Only ever appended to: entries that a leader overruled are followed by their replacements, and replay takes the later ones. Owned by one thread.
/// After any failed write or sync nothing more is written, since nobody knows what the medium holds [lesson of PostgreSQL's fsync surprise, 2018].
/// </remarks>
internal sealed partial class WriteAheadLog : IDisposable
{
    private const int FlushBytes = 1 << 20;
    private readonly IRaftFiles _files;
    private readonly byte[] _dataKey;
    private readonly WriteAheadLogOptions _options;
    private readonly Guid _logId;
    private readonly Queue<ClosedSegment> _closed;
    private readonly ArrayBufferWriter<byte> _scratch = new(4096);
    private OpenSegment _segment;
    private ulong _sequence;
    private HardState _hardState;
    private ulong _markIndex;
    private ulong _markTerm;
    private ulong _nextIndex;
    private Exception? _failure;

    private WriteAheadLog(
        IRaftFiles files, byte[] dataKey, WriteAheadLogOptions options, Guid logId, Queue<ClosedSegment> closed, RecoveredLog recovered, ulong lastSequence, uint chain)
    {
        _files = files;
        _dataKey = dataKey;
        _options = options;
        _logId = logId;
        _closed = closed;
        _hardState = recovered.HardState;
        _markIndex = recovered.SnapshotIndex;
        _markTerm = recovered.SnapshotTerm;
        _nextIndex = recovered.LastIndex + 1;
        _sequence = lastSequence;
        _segment = StartSegment(chain);
    }

    /// <summary>Segments on disk, the open one included.</summary>
    public int SegmentCount => _closed.Count + 1;

    public void Append(ReadOnlySpan<Entry> entries)
    {
        ThrowIfFailed();
        foreach (ref readonly Entry entry in entries)
        {
            MakeRoom();
            _scratch.ResetWrittenCount();
            LogCodec.WriteEntry(_scratch, entry);
            _segment.Append(LogRecordKind.Entry, _scratch.WrittenSpan);
            _segment.LastIndex = Math.Max(_segment.LastIndex, entry.Index);
            _nextIndex = entry.Index + 1;
            if (_segment.Buffered >= FlushBytes)
            {
                Guarded(_segment.Flush);
            }
        }
    }

    public void Append(in HardState state)
    {
        ThrowIfFailed();
        if (state != _hardState)
        {
            MakeRoom();
            _hardState = state;
            AppendHardState();
        }
    }

    /// <summary>Records that a snapshot is on disk. What the log holds stays if it agrees with the snapshot, else it is forgotten.</summary>
    public void MarkSnapshot(ulong index, ulong term)
    {
        ThrowIfFailed();
        MakeRoom();
        _markIndex = index;
        _markTerm = term;
        _nextIndex = Math.Max(_nextIndex, index + 1);
        AppendMark();
    }

    /// <summary>Returns when everything appended is durable. Nothing is done if there is nothing new.</summary>
    public void Sync()
    {
        ThrowIfFailed();
        if (_segment.HasUnsynced)
        {
            Guarded(_segment.Sync);
        }
    }

    /// <summary>Removes whole segments that hold no entry from <paramref name="firstKept"/> on.</summary>
    public void DropBefore(ulong firstKept)
    {
        Sync(); // what the open segment repeats of the older ones must be durable first
        bool dropped = false;
        while (_closed.TryPeek(out ClosedSegment oldest) && oldest.LastIndex < firstKept)
        {
            Guarded(() => _files.Delete(oldest.Name));
            _closed.Dequeue();
            dropped = true;
        }

        if (dropped)
        {
            Guarded(_files.SyncDirectory);
        }
    }

    public void Dispose()
    {
        _segment.Dispose();
        CryptographicOperations.ZeroMemory(_dataKey);
    }

    private void MakeRoom()
    {
        if (_segment.Length < _options.SegmentBytes)
        {
            return;
        }

        Guarded(() =>
        {
            _closed.Enqueue(_segment.Close());
            uint chain = _segment.Chain;
            _segment.Dispose();
            _segment = StartSegment(chain);
        });
    }

    /// <summary>Each segment repeats the hard state and the mark, so older ones can be removed at any time.</summary>
    private OpenSegment StartSegment(uint chain)
    {
        _sequence++;
        Span<byte> salt = stackalloc byte[FileCipher.SaltBytes];
        FileCipher.NewSalt(salt);
        FileCipher cipher = new(_dataKey, salt, SegmentName.KeyPurpose(_logId, _sequence));
        string name = SegmentName.Of(_sequence, _nextIndex);
        IRaftFile file = _files.Create(SegmentName.Temporary, _options.SegmentBytes);
        file.Write(0, new SegmentHeader(_logId, _sequence, _nextIndex, chain, salt.ToArray(), cipher.Check).Encode());
        file.Sync();
        _files.Rename(SegmentName.Temporary, name);
        _files.SyncDirectory();
        _segment = new OpenSegment(name, file, cipher, chain);
        if (_markIndex > 0)
        {
            AppendMark();
        }

        if (_hardState != default)
        {
            AppendHardState();
        }

        return _segment;
    }

    private void AppendHardState()
    {
        _scratch.ResetWrittenCount();
        LogCodec.WriteHardState(_scratch, _hardState);
        _segment.Append(LogRecordKind.HardState, _scratch.WrittenSpan);
    }

    private void AppendMark()
    {
        Span<byte> mark = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(mark, _markIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(mark[8..], _markTerm);
        _segment.Append(LogRecordKind.SnapshotMark, mark);
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e)
        {
            _failure = e;
            throw;
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new IOException("the log failed before and takes nothing more", _failure);
        }
    }
}
