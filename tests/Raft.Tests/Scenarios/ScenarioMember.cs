namespace Skep.Raft.Tests.Scenarios;

/// <summary>A core and its instant disk.</summary>
internal sealed class ScenarioMember(ulong id, HardState state, SnapshotMeta snapshot, IEnumerable<Entry> entries, RaftCoreOptions options)
{
    private readonly List<Entry> _entries = [.. entries];
    private HardState _state = state;
    private SnapshotMeta _snapshot = snapshot;

    public ulong Id { get; } = id;

    public RaftCore Core { get; } = new(options with { Id = id }, new ById((int)id), state, snapshot, [.. entries], snapshot.Index);

    public ScenarioMember Restarted(RaftCoreOptions withOptions) => new(Id, _state, _snapshot, [.. _entries.Where(e => e.Index > _snapshot.Index)], withOptions);

    public void Persist(Ready ready)
    {
        if (ready.Snapshot is not null)
        {
            _snapshot = ready.Snapshot;
            _entries.Clear();
        }
        foreach (Entry entry in ready.Entries)
        {
            _entries.RemoveAll(e => e.Index >= entry.Index);
            _entries.Add(entry);
        }
        _state = ready.HardState ?? _state;
    }

    public void TakeSnapshot(ulong keep)
    {
        RaftLog log = Core.Log;
        _snapshot = new SnapshotMeta(log.Applied, log.TermAt(log.Applied)!.Value, Core.Membership);
        Core.Compact(_snapshot, keep);
    }

    /// <summary>No chance in stories: member n waits ElectionTicks and n - 1 ticks more.</summary>
    private sealed class ById(int id) : Random
    {
        public override int Next(int maxValue) => Math.Min(id, maxValue) - 1;
    }
}
