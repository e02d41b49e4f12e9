using System.Collections.Immutable;
using Skep.Raft;

namespace Skep.Simulation.RaftGroup;

/// <summary>A snapshot with the data that the real shell keeps in a file.</summary>
internal sealed record SimSnapshot(SnapshotMeta Meta, KvMachine State);

/// <summary>
/// One member's disk: a journal whose tail is not synced. A crash keeps everything synced and, of the rest, a prefix of any length: whole records, and
/// of a record with several entries perhaps only the first ones.
/// </summary>
internal sealed class SimDisk(HardState hardState, SimSnapshot snapshot)
{
    private readonly List<Write> _unsynced = [];
    private readonly List<Entry> _entries = [];

    private sealed record Write(SimSnapshot? Snapshot, bool ReplacesLog, ImmutableArray<Entry> Entries, HardState? HardState);

    public HardState HardState { get; private set; } = hardState;

    public SimSnapshot Snapshot { get; private set; } = snapshot;

    /// <summary>The log after the snapshot, as a restarting member reads it.</summary>
    public List<Entry> EntriesAfterSnapshot => _entries.FindAll(e => e.Index > Snapshot.Meta.Index);

    public void Save(SimSnapshot? received, ImmutableArray<Entry> entries, HardState? hardState)
    {
        if (received is not null)
        {
            _unsynced.Add(new Write(received, ReplacesLog: true, [], null));
        }

        foreach (Entry entry in entries)
        {
            _unsynced.Add(new Write(null, false, [entry], null));
        }

        if (hardState is not null)
        {
            _unsynced.Add(new Write(null, false, [], hardState));
        }
    }

    /// <summary>A snapshot of the own state machine: written aside, synced, then renamed into place.</summary>
    public void SaveOwnSnapshot(SimSnapshot own)
    {
        Sync();
        Perform(new Write(own, ReplacesLog: false, [], null));
    }

    public void Sync()
    {
        foreach (Write write in _unsynced)
        {
            Perform(write);
        }

        _unsynced.Clear();
    }

    public void Crash(Random random)
    {
        int kept = random.Next(_unsynced.Count + 1);
        for (int i = 0; i < kept; i++)
        {
            Perform(_unsynced[i]);
        }

        _unsynced.Clear();
    }

    /// <summary>A planted mistake: the vote is gone.</summary>
    public void ForgetVote() => HardState = new HardState(Math.Max(Snapshot.Meta.Term, _entries.Count > 0 ? _entries[^1].Term : 0), 0, HardState.Commit);

    private void Perform(Write write)
    {
        if (write.Snapshot is not null)
        {
            Snapshot = write.Snapshot;
            if (write.ReplacesLog)
            {
                _entries.Clear();
            }
            else
            {
                _entries.RemoveAll(e => e.Index <= write.Snapshot.Meta.Index);
            }
        }
        foreach (Entry entry in write.Entries)
        {
            int at = _entries.FindIndex(e => e.Index >= entry.Index);
            if (at >= 0)
            {
                _entries.RemoveRange(at, _entries.Count - at);
            }

            _entries.Add(entry);
        }
        HardState = write.HardState ?? HardState;
    }
}
