namespace Skep.Raft;

/// <summary>What the log held when it was opened.</summary>
internal sealed class RecoveredLog
{
    private readonly List<Entry> _entries = [];

    /// <summary>The last one written; <c>default</c> if none.</summary>
    public HardState HardState { get; private set; }

    /// <summary>The newest mark; 0 if none.</summary>
    public ulong SnapshotIndex { get; private set; }

    public ulong SnapshotTerm { get; private set; }

    /// <summary>The surviving entries, consecutive; may begin below the snapshot.</summary>
    public IReadOnlyList<Entry> Entries => _entries;

    public ulong LastIndex => _entries.Count > 0 ? _entries[^1].Index : SnapshotIndex;

    /// <summary>A tail that was never durable and has been cut off; null for none.</summary>
    public TruncatedTail? Repaired { get; internal set; }

    public bool IsEmpty => HardState == default && SnapshotIndex == 0 && _entries.Count == 0;

    /// <summary>Entries the core starts from.</summary>
    public IReadOnlyList<Entry> EntriesAfterSnapshot()
    {
        int first = _entries.FindIndex(e => e.Index > SnapshotIndex);
        return first < 0 ? [] : _entries.GetRange(first, _entries.Count - first);
    }

    internal void Replay(in HardState state) => HardState = state;

    /// <summary>False if the entry leaves a gap. An index that is there already replaces it and everything after: a leader overruled the old suffix.</summary>
    internal bool TryReplay(in Entry entry)
    {
        if (_entries.Count > 0)
        {
            ulong first = _entries[0].Index;
            if (entry.Index > _entries[^1].Index + 1)
            {
                return false;
            }

            if (entry.Index <= _entries[^1].Index)
            {
                int keep = entry.Index > first ? (int)(entry.Index - first) : 0;
                _entries.RemoveRange(keep, _entries.Count - keep);
            }
        }

        _entries.Add(entry);
        return true;
    }

    /// <summary>As the core does: what follows a snapshot stays only if the log agrees with it at its index.</summary>
    internal void ReplayMark(ulong index, ulong term)
    {
        SnapshotIndex = index;
        SnapshotTerm = term;
        if (_entries.Count > 0 && _entries[0].Index <= index)
        {
            bool agrees = _entries[^1].Index >= index && _entries[(int)(index - _entries[0].Index)].Term == term;
            if (!agrees)
            {
                _entries.Clear();
            }
        }
    }
}

/// <summary>Where a torn write was cut off, and how many bytes of the file went.</summary>
internal sealed record TruncatedTail(string File, long Offset, long LostBytes);
