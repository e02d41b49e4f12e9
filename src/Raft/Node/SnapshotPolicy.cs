namespace Skep.Raft;

/// <summary>When snapshots are taken and what is kept of old ones; may be changed while a node runs.</summary>
/// <param name="Entries">A snapshot is taken after this many entries. At least 1.</param>
/// <param name="KeepEntries">Entries kept below a snapshot, so that a follower slightly behind needs no snapshot.</param>
/// <param name="OldSnapshots">How many to keep beside the one in force. One is kept in any case.</param>
public sealed record SnapshotPolicy(ulong Entries, ulong KeepEntries, int OldSnapshots)
{
    /// <summary>Take one each time, also where the state is large and the log behind it small: for those who name a number of entries.</summary>
    public bool IsStrict { get; init; }
}
