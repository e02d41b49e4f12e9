using Skep.Engine.Events;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>Tells a manager's node what happens to the cluster's objects, beside what happens on the node itself.</summary>
public static class ClusterEventFeed
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>Lasts until cancelled. Begins once this replica has caught up, so that a manager that starts does not tell its log anew.</summary>
    public static async Task RunAsync(ClusterControl control, EventHub events, TimeProvider time, CancellationToken ct)
    {
        while (!await IsCaughtUpAsync(control, ct))
        {
            await Task.Delay(AskAgainAfter, time, ct);
        }

        using StoreWatch watch = control.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct))
        {
            foreach (StoreEvent change in batch.Events)
            {
                if (ClusterEvents.Describe(change) is { } told)
                {
                    events.Publish(told);
                }
            }
        }
    }

    private static async Task<bool> IsCaughtUpAsync(ClusterControl control, CancellationToken ct)
    {
        try
        {
            await control.ReadAsync(ct);
            return true;
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.Unavailable)
        {
            // No leader yet.
            return false;
        }
    }
}
