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
    private readonly IRaftFiles files;
    private readonly byte[] dataKey;
    private readonly WriteAheadLogOptions options;
    private readonly Guid logId;
    private readonly Queue<ClosedSegment> closed;
    private readonly ArrayBufferWriter<byte> scratch = new(4096);
    private OpenSegment segment;
    private ulong sequence;
    private HardState hardState;
    private ulong markIndex;
    private ulong markTerm;
    private ulong nextIndex;
    private Exception? failure;

    private WriteAheadLog(
        IRaftFiles files, byte[] dataKey, WriteAheadLogOptions options, Guid logId, Queue<ClosedSegment> closed, RecoveredLog recovered, ulong lastSequence, uint chain)
    {
        this.files = files;
        this.dataKey = dataKey;
        this.options = options;
        this.logId = logId;
        this.closed = closed;
        hardState = recovered.HardState;
        markIndex = recovered.SnapshotIndex;
        markTerm = recovered.SnapshotTerm;
        nextIndex = recovered.LastIndex + 1;
        sequence = lastSequence;
        segment = StartSegment(chain);
    }

    /// <summary>Segments on disk, the open one included.</summary>
    public int SegmentCount => closed.Count + 1;

    public void Append(ReadOnlySpan<Entry> entries)
    {
        ThrowIfFailed();
        foreach (ref readonly Entry entry in entries)
        {
            MakeRoom();
            scratch.ResetWrittenCount();
            LogCodec.WriteEntry(scratch, entry);
            segment.Append(LogRecordKind.Entry, scratch.WrittenSpan);
            segment.LastIndex = Math.Max(segment.LastIndex, entry.Index);
            nextIndex = entry.Index + 1;
            if (segment.Buffered >= FlushBytes)
            {
                Guarded(segment.Flush);
            }
        }
    }

    public void Append(in HardState state)
    {
        ThrowIfFailed();
        if (state != hardState)
        {
            MakeRoom();
            hardState = state;
            AppendHardState();
        }
    }

    /// <summary>Records that a snapshot is on disk. What the log holds stays if it agrees with the snapshot, else it is forgotten.</summary>
    public void MarkSnapshot(ulong index, ulong term)
    {
        ThrowIfFailed();
        MakeRoom();
        markIndex = index;
        markTerm = term;
        nextIndex = Math.Max(nextIndex, index + 1);
        AppendMark();
    }

    /// <summary>Returns when everything appended is durable. Nothing is done if there is nothing new.</summary>
    public void Sync()
    {
        ThrowIfFailed();
        if (segment.HasUnsynced)
        {
            Guarded(segment.Sync);
        }
    }

    /// <summary>Removes whole segments that hold no entry from <paramref name="firstKept"/> on.</summary>
    public void DropBefore(ulong firstKept)
    {
        Sync(); // what the open segment repeats of the older ones must be durable first
        bool dropped = false;
        while (closed.TryPeek(out ClosedSegment oldest) && oldest.LastIndex < firstKept)
        {
            Guarded(() => files.Delete(oldest.Name));
            closed.Dequeue();
            dropped = true;
        }

        if (dropped)
        {
            Guarded(files.SyncDirectory);
        }
    }

    public void Dispose()
    {
        segment.Dispose();
        CryptographicOperations.ZeroMemory(dataKey);
    }

    private void MakeRoom()
    {
        if (segment.Length < options.SegmentBytes)
        {
            return;
        }

        Guarded(() =>
        {
            closed.Enqueue(segment.Close());
            uint chain = segment.Chain;
            segment.Dispose();
            segment = StartSegment(chain);
        });
    }

    /// <summary>Each segment repeats the hard state and the mark, so older ones can be removed at any time.</summary>
    private OpenSegment StartSegment(uint chain)
    {
        sequence++;
        Span<byte> salt = stackalloc byte[FileCipher.SaltBytes];
        FileCipher.NewSalt(salt);
        FileCipher cipher = new(dataKey, salt, SegmentName.KeyPurpose(logId, sequence));
        string name = SegmentName.Of(sequence, nextIndex);
        IRaftFile file = files.Create(SegmentName.Temporary, options.SegmentBytes);
        file.Write(0, new SegmentHeader(logId, sequence, nextIndex, chain, salt.ToArray(), cipher.Check).Encode());
        file.Sync();
        files.Rename(SegmentName.Temporary, name);
        files.SyncDirectory();
        segment = new OpenSegment(name, file, cipher, chain);
        if (markIndex > 0)
        {
            AppendMark();
        }

        if (hardState != default)
        {
            AppendHardState();
        }

        return segment;
    }

    private void AppendHardState() => segment.Append(LogRecordKind.HardState, LogCodec.Encode(hardState));

    private void AppendMark()
    {
        Span<byte> mark = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(mark, markIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(mark[8..], markTerm);
        segment.Append(LogRecordKind.SnapshotMark, mark);
    }

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
    }

    private void ThrowIfFailed()
    {
        if (failure is not null)
        {
            throw new IOException("the log failed before and takes nothing more", failure);
        }
    }
}
