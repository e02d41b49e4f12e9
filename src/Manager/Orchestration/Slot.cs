namespace Skep.Manager.Orchestration;

/// <summary>A place for one task: a slot's number, or the node of a global service's task.</summary>
internal readonly record struct SlotKey(int Number, NodeId? Node) : IComparable<SlotKey>
{
    public static SlotKey Of(SwarmTask task) => task.Slot > 0 ? new SlotKey(task.Slot, null) : new SlotKey(0, task.Node);

    public int CompareTo(SlotKey other)
        => Number != other.Number ? Number.CompareTo(other.Number) : string.CompareOrdinal(Node?.Value, other.Node?.Value);
}

/// <summary>All tasks of one place, ended ones too.</summary>
internal sealed class Slot(SlotKey key)
{
    private readonly List<SwarmTask> _tasks = [];

    public SlotKey Key { get; } = key;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<SwarmTask> Tasks => _tasks;

    /// <summary>Those that run or are to run.</summary>
    public IEnumerable<SwarmTask> Wanted => _tasks.Where(t => t.IsWanted);

    public bool IsWanted => Wanted.Any();

    public SwarmTask? Newest => _tasks.Count == 0 ? null : _tasks[^1];

    /// <summary>Tasks that are to stop and have not yet; a new one of the same place waits for them.</summary>
    public IEnumerable<SwarmTask> Stopping => _tasks.Where(t => !t.IsWanted && t.HoldsResources);

    /// <summary>Takes the task in, or its new version.</summary>
    public void Add(SwarmTask task)
    {
        int known = _tasks.FindIndex(t => t.Id == task.Id);
        if (known >= 0)
        {
            _tasks[known] = task;
            return;
        }

        int at = _tasks.Count;
        while (at > 0 && IsBefore(task, _tasks[at - 1]))
        {
            at--;
        }

        _tasks.Insert(at, task);
    }

    private static bool IsBefore(SwarmTask a, SwarmTask b)
        => a.CreatedAt != b.CreatedAt ? a.CreatedAt < b.CreatedAt : a.Id.CompareTo(b.Id) < 0;
}
