using System.Threading.Channels;

namespace Skep.Manager.Dispatch;

/// <summary>Wakes the sessions of this manager when something changed that nodes care for, and keeps the tables they share.</summary>
public sealed class DispatchHub(ClusterStore store)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Channel<bool>> _sessions = [];
    private (StoreView View, NetworkTables Tables)? _latest;
    private bool _isOutdated;

    /// <summary>Watches the store until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            if (batch.IsResync || batch.Events.Any(DispatchFilter.Matters))
            {
                WakeAll();
            }
        }
    }

    /// <summary>A view that differs from the store's present one only in what no node cares for, and the tables made from it. When there is a newer one, a wake-up follows.</summary>
    internal (StoreView View, NetworkTables Tables) Latest()
    {
        lock (_gate)
        {
            if (_latest is not { } latest || _isOutdated)
            {
                _isOutdated = false;
                StoreView view = store.View();
                _latest = latest = (view, NetworkTables.Of(view));
            }

            return latest;
        }
    }

    /// <summary>A channel that has a value whenever the session should look again. One wake-up is enough however many changes wait.</summary>
    internal Channel<bool> Subscribe()
    {
        Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        wake.Writer.TryWrite(true);
        lock (_gate)
        {
            _sessions.Add(wake);
            _isOutdated = true; // its node may have come to be a moment ago
        }

        return wake;
    }

    internal void Unsubscribe(Channel<bool> wake)
    {
        lock (_gate)
        {
            _sessions.Remove(wake);
        }
    }

    private void WakeAll()
    {
        lock (_gate)
        {
            _isOutdated = true;
            foreach (Channel<bool> session in _sessions)
            {
                session.Writer.TryWrite(true);
            }
        }
    }
}
