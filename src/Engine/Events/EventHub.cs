namespace Skep.Engine.Events;

/// <summary>What happens on a node: told by whoever does it, kept for a while, heard by whoever asks.</summary>
/// <remarks>Safe to call from any thread; telling never waits for listeners. It outlives agents and managers, so that the past survives a change of role.</remarks>
public sealed class EventHub(TimeProvider time)
{
    /// <summary>Events of the past that are kept. Docker keeps 256.</summary>
    public const int KeptEvents = 1024;

    private readonly Lock _gate = new();
    private readonly Queue<NodeEvent> _past = new(KeptEvents);
    private readonly List<EventSubscription> _listeners = [];
    private DateTimeOffset _last;

    /// <summary>How many listen now.</summary>
    public int Listeners
    {
        get
        {
            lock (_gate)
            {
                return _listeners.Count;
            }
        }
    }

    /// <summary>Tells an event of now. Its time is set here unless it has one that is later than the last.</summary>
    public void Publish(NodeEvent told)
    {
        lock (_gate)
        {
            DateTimeOffset now = told.Time == default ? time.GetUtcNow() : told.Time;
            // Distinct times, so that a client that asks again since the last one it saw misses none.
            _last = now > _last ? now : _last.AddTicks(1);
            told = told with { Time = _last };
            if (_past.Count == KeptEvents)
            {
                _past.Dequeue();
            }

            _past.Enqueue(told);
            foreach (EventSubscription listener in _listeners)
            {
                listener.Deliver(told);
            }
        }
    }

    /// <summary>Tells an event of this node's own objects.</summary>
    public void Publish(string type, string action, string id, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in attributes)
        {
            all[key] = value;
        }

        Publish(new NodeEvent(type, action, id, all.ToValueMap()));
    }

    /// <summary>Tells an event of a container: its image, name and labels go with it, as Docker's do.</summary>
    /// <param name="name">Without a leading slash.</param>
    /// <param name="more">What the event says besides: exitCode, signal, execID …</param>
    public void PublishContainer(
        string action, string id, string name, string image, IEnumerable<KeyValuePair<string, string>> labels, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string value) in labels)
        {
            all[key] = value;
        }

        all["image"] = image;
        all["name"] = name;
        foreach ((string key, string value) in more)
        {
            all[key] = value;
        }

        Publish(new NodeEvent("container", action, id, all.ToValueMap()));
    }

    /// <summary>Listens: first to what is kept since a moment (null: nothing of the past), then to what comes. Dispose to stop.</summary>
    public EventSubscription Subscribe(DateTimeOffset? since)
    {
        lock (_gate)
        {
            var listener = new EventSubscription(since is null ? [] : [.. _past.Where(e => e.Time >= since)], Forget);
            _listeners.Add(listener);
            return listener;
        }
    }

    private void Forget(EventSubscription listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
        }
    }
}
