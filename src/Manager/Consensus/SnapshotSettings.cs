using Skep.Raft;

namespace Skep.Manager.Consensus;

/// <summary>Has this manager's Raft member take and keep snapshots as the cluster's settings say; each manager does so for itself.</summary>
internal sealed class SnapshotSettings(ClusterStore store, RaftNode raft)
{
    /// <summary>Lasts until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        Obey(store.View());
        await foreach (StoreBatch batch in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            if (batch.IsResync || batch.Events.Any(e => e.Kind == ObjectKind.Cluster))
            {
                Obey(batch.View);
            }
        }
    }

    /// <summary>What the settings ask of a member.</summary>
    internal static SnapshotPolicy PolicyOf(RaftSettings settings) => new(
        Math.Max(settings.SnapshotInterval, 1), settings.LogEntriesForSlowFollowers, (int)Math.Min(settings.KeepOldSnapshots, 1_000_000))
    {
        IsStrict = settings.SnapshotInterval != new RaftSettings().SnapshotInterval,
    };

    private void Obey(StoreView view)
    {
        if (view.Cluster is { } cluster)
        {
            raft.Follow(PolicyOf(cluster.Spec.Raft));
        }
    }
}
