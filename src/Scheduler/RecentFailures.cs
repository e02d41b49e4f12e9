namespace Skep.Scheduler;

/// <summary>Where tasks of a service failed lately. A hint: nodes that fail a service again and again are used last.</summary>
/// <remarks>
/// Kept while the window lasts even if the task is removed; after a rebuild only failures of tasks still stored are known.
/// Source: moby/swarmkit:manager/scheduler/nodeinfo.go (five minutes, five failures).
/// </remarks>
internal sealed class RecentFailures
{
    public const int TooMany = 5;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly Dictionary<ServiceId, SortedDictionary<TaskId, Failure>> _services = [];

    private sealed record Failure(NodeId Node, ObjectVersion SpecVersion, DateTimeOffset At);

    /// <summary>Takes note if the task failed; global tasks do not choose their node, so theirs do not count.</summary>
    public void Note(SwarmTask task)
    {
        if (task is not { Slot: > 0, Node: { } node, HasFailed: true })
        {
            return;
        }

        if (!_services.TryGetValue(task.ServiceId, out SortedDictionary<TaskId, Failure>? failures))
        {
            _services[task.ServiceId] = failures = [];
        }

        failures[task.Id] = new Failure(node, task.SpecVersion, task.Status.Timestamp);
    }

    public IEnumerable<(NodeId Node, int Count)> Of(ServiceId service, ObjectVersion specVersion, DateTimeOffset now)
        => _services.TryGetValue(service, out SortedDictionary<TaskId, Failure>? failures)
            ? failures.Values.Where(f => f.SpecVersion == specVersion && f.At > now - Window).CountBy(f => f.Node).Select(p => (p.Key, p.Value))
            : [];

    /// <summary>Drops what <see cref="Of"/> would not count any more.</summary>
    public void Forget(DateTimeOffset now)
    {
        foreach ((ServiceId service, SortedDictionary<TaskId, Failure> failures) in _services)
        {
            foreach (TaskId task in failures.Where(f => f.Value.At <= now - Window).Select(f => f.Key).ToList())
            {
                failures.Remove(task);
            }

            if (failures.Count == 0)
            {
                _services.Remove(service);
            }
        }
    }

    public IEnumerable<string> Describe()
        => _services.OrderBy(s => s.Key).SelectMany(s => s.Value.Select(f => $"{s.Key} {f.Key} failed on {f.Value.Node} v{f.Value.SpecVersion} {f.Value.At:O}"));
}
