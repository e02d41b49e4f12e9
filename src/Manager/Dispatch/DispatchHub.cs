using System.Threading.Channels;

namespace Skep.Manager.Dispatch;

/// <summary>Wakes the sessions of this manager when something changed that nodes care for, and keeps the tables they share.</summary>
public sealed class DispatchHub(ClusterStore store)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Channel<bool>> _sessions = [];
    private (StoreView View, NetworkTables Tables)? _latest;

    /// <summary>Watches the store until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            if (batch.IsResync || batch.Events.Any(Matters))
            {
                WakeAll();
            }
        }
    }

    internal (StoreView View, NetworkTables Tables) Latest()
    {
        StoreView view = store.View();
        lock (_gate)
        {
            if (_latest is not { } latest || latest.View.Index < view.Index)
            {
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
            foreach (Channel<bool> session in _sessions)
            {
                session.Writer.TryWrite(true);
            }
        }
    }

    /// <summary>Most commits are steps of tasks on their way to running or the times of nodes; no node is told of those.</summary>
    private static bool Matters(StoreEvent change) => (change.Old, change.New) switch
    {
        (SwarmTask old, SwarmTask now) => old.Node != now.Node || old.DesiredState != now.DesiredState || old.Networks != now.Networks || StageOf(old) != StageOf(now),
        (null, SwarmTask now) => now.Node is not null,
        (Node old, Node now) => old.Status.State != now.Status.State || Without(old.Description) != Without(now.Description) || old.Attachments != now.Attachments
            || old.NetworkIndex != now.NetworkIndex || old.Role != now.Role || old.Manager != now.Manager,
        (Service old, Service now) => old.Endpoint != now.Endpoint || old.Name != now.Name,
        _ => true,
    };

    /// <summary>Whose certificate a node shows is the leader's business alone.</summary>
    private static NodeDescription? Without(NodeDescription? description) => description is { Tls: not null } ? description with { Tls = null } : description;

    private static int StageOf(SwarmTask task) => task.Status.State switch
    {
        < TaskState.Assigned => 0,
        < TaskState.Running => 1,
        TaskState.Running => 2,
        _ => 3,
    };
}
