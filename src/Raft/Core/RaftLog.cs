using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Skep.Raft;

/// <summary>
/// The log in memory, from the last compaction on, with its four marks:
/// <c>Base ≤ Applied ≤ Commit ≤ LastIndex</c> and <c>Applied ≤ Persisted ≤ LastIndex</c>.
/// </summary>
/// <remarks>
/// A leader may commit what its own disk does not have yet (thesis §10.2.1), so Commit may be ahead of Persisted; Applied never is.
/// </remarks>
internal sealed class RaftLog
{
    private readonly List<Entry> _entries = [];
    private ulong _baseIndex;
    private ulong _baseTerm;

    /// <summary>The newest entries are asked for to be written and for each follower, mostly as the same range. Forgotten with any of its entries.</summary>
    private ImmutableArray<Entry> _lastSlice = [];
    private long _lastSliceBytes;

    public RaftLog(SnapshotMeta snapshot, IReadOnlyList<Entry> entriesAfterSnapshot, ulong commit, ulong applied)
    {
        Snapshot = snapshot;
        _baseIndex = snapshot.Index;
        _baseTerm = snapshot.Term;
        foreach (Entry entry in entriesAfterSnapshot)
        {
            Append(entry);
        }

        Persisted = LastIndex;
        // The commit index is written without syncing, so the state machine may know better than the hard state.
        Applied = applied;
        Commit = Math.Max(Math.Max(commit, applied), snapshot.Index);
        Invariant.Holds(Applied >= snapshot.Index);
        Invariant.Holds(Commit <= LastIndex);
    }

    /// <summary>The newest snapshot there is; what a follower gets that needs entries from before <see cref="FirstIndex"/>.</summary>
    public SnapshotMeta Snapshot { get; private set; }

    /// <summary>Received and taken in here, but not yet installed by the shell.</summary>
    public SnapshotMeta? Pending { get; private set; }

    public ulong FirstIndex => _baseIndex + 1;

    public ulong LastIndex => _baseIndex + (ulong)_entries.Count;

    public ulong LastTerm => _entries.Count > 0 ? _entries[^1].Term : _baseTerm;

    /// <summary>Up to here the entries are the same on this member's disk.</summary>
    public ulong Persisted { get; private set; }

    public ulong Commit { get; private set; }

    public ulong Applied { get; private set; }

    /// <summary>Committed, on disk and not applied: what may be handed out next.</summary>
    public ulong Applicable => Pending is null ? Math.Min(Commit, Persisted) : Applied;

    public Entry this[ulong index] => _entries[(int)(index - FirstIndex)];

    /// <summary>Null if compacted away or not there yet.</summary>
    public ulong? TermAt(ulong index) =>
        index == _baseIndex ? _baseTerm : index < _baseIndex || index > LastIndex ? null : this[index].Term;

    public bool Matches(ulong index, ulong term) => TermAt(index) == term;

    /// <summary>Whether a candidate whose log ends there holds at least what is here (thesis §3.6.1).</summary>
    public bool IsCoveredBy(ulong lastIndex, ulong lastTerm) => lastTerm > LastTerm || (lastTerm == LastTerm && lastIndex >= LastIndex);

    public void Append(in Entry entry)
    {
        Invariant.Holds(entry.Index == LastIndex + 1);
        Invariant.Holds(entry.Term >= LastTerm);
        _entries.Add(entry);
    }

    /// <summary>Takes over a leader's entries that follow (<paramref name="previousIndex"/>, <paramref name="previousTerm"/>), if that one is here.</summary>
    public bool TryAppend(ulong previousIndex, ulong previousTerm, ImmutableArray<Entry> entries)
    {
        if (!Matches(previousIndex, previousTerm))
        {
            return false;
        }

        foreach (Entry entry in entries)
        {
            // Present already: a late or doubled message must never shorten the log (thesis §3.5: only *conflicting* entries go).
            if (Matches(entry.Index, entry.Term))
            {
                continue;
            }

            if (entry.Index <= LastIndex)
            {
                TruncateFrom(entry.Index);
            }

            Append(entry);
        }
        return true;
    }

    /// <summary>The last index at or before <paramref name="index"/> whose term is at most <paramref name="term"/>, and its term (0 if compacted).</summary>
    /// <remarks>Skips whole terms when logs diverge. Source: thesis §3.5 (last paragraphs); etcd-io/raft:log.go, findConflictByTerm.</remarks>
    public (ulong Index, ulong Term) FindMeetingPoint(ulong index, ulong term)
    {
        for (; index > 0; index--)
        {
            if (TermAt(index) is not { } here)
            {
                return (index, 0);
            }

            if (here <= term)
            {
                return (index, here);
            }
        }
        return (0, 0);
    }

    /// <summary>Entries of [<paramref name="from"/>, <paramref name="to"/>]; at least one, then as many as fit into the payload limit.</summary>
    public ImmutableArray<Entry> Slice(ulong from, ulong to, long maxBytes = long.MaxValue)
    {
        if (from > to)
        {
            return [];
        }

        Invariant.Holds(from >= FirstIndex && to <= LastIndex);
        if (!_lastSlice.IsEmpty && _lastSlice[0].Index == from && _lastSlice[^1].Index == to && _lastSliceBytes <= maxBytes)
        {
            return _lastSlice;
        }

        int start = (int)(from - FirstIndex);
        int end = start;
        long bytes = 0;
        for (int limit = (int)(to - FirstIndex); end <= limit; end++)
        {
            int length = _entries[end].Data.Length;
            if (end > start && bytes + length > maxBytes)
            {
                break;
            }

            bytes += length;
        }

        _lastSlice = [.. CollectionsMarshal.AsSpan(_entries)[start..end]];
        _lastSliceBytes = bytes;
        return _lastSlice;
    }

    public bool CommitTo(ulong index)
    {
        if (index <= Commit)
        {
            return false;
        }

        Invariant.Holds(index <= LastIndex);
        Commit = index;
        return true;
    }

    public void AppliedTo(ulong index)
    {
        Invariant.Holds(index <= Commit);
        Applied = Math.Max(Applied, index);
    }

    /// <summary>The entry is on disk. If it was replaced here meanwhile, that says nothing about the log as it is now.</summary>
    public void PersistedTo(ulong index, ulong term)
    {
        if (index > Persisted && Matches(index, term))
        {
            Persisted = index;
        }
    }

    /// <summary>A snapshot replaces everything.</summary>
    public void Restore(SnapshotMeta meta)
    {
        Invariant.Holds(meta.Index > Commit);
        _entries.Clear();
        _lastSlice = [];
        (_baseIndex, _baseTerm) = (meta.Index, meta.Term);
        (Snapshot, Pending) = (meta, meta);
        (Persisted, Commit) = (meta.Index, meta.Index);
    }

    public void Installed(SnapshotMeta meta)
    {
        AppliedTo(meta.Index);
        // A newer one may have come in while this one was installed.
        if (Pending?.Index == meta.Index)
        {
            Pending = null;
        }
    }

    public void Compact(SnapshotMeta meta, ulong keepEntries)
    {
        if (meta.Index <= Snapshot.Index)
        {
            return;
        }

        Invariant.Holds(meta.Index <= Applied);
        Invariant.Holds(Matches(meta.Index, meta.Term));
        Snapshot = meta;
        ulong newBase = Math.Max(_baseIndex, meta.Index - Math.Min(keepEntries, meta.Index));
        ulong newTerm = TermAt(newBase)!.Value;
        _entries.RemoveRange(0, (int)(newBase - _baseIndex));
        _lastSlice = [];
        (_baseIndex, _baseTerm) = (newBase, newTerm);
    }

    private void TruncateFrom(ulong index)
    {
        // The one thing Raft promises never to do. Here, a bug (anyone's) becomes a stop instead of a loss.
        Invariant.Holds(index > Commit);
        _entries.RemoveRange((int)(index - FirstIndex), (int)(LastIndex - index + 1));
        _lastSlice = [];
        Persisted = Math.Min(Persisted, index - 1);
    }
}
