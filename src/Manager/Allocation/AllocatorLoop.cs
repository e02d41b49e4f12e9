using Microsoft.Extensions.Logging;
using Skep.Manager.Leadership;

namespace Skep.Manager.Allocation;

/// <summary>Keeps the book up with the store, plans, commits.</summary>
/// <remarks>
/// Nobody else gives out what the book counts, and a commit is in the watch before it returns: so a book that has taken in all that the watch holds knows of
/// everything given out before.
/// </remarks>
internal sealed class AllocatorLoop(ClusterStore store, TimeProvider time, ILogger<AllocatorLoop> logger) : ILeaderLoop
{
    private readonly HashSet<NetworkId> _reported = [];

    public string Name => nameof(AllocatorLoop);

    public async Task RunAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        AllocationIndex book = new AllocationIndex();
        await foreach (StoreBatch first in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            StoreView view = first.View;
            for (StoreBatch? batch = first; batch is not null; batch = watch.TryTake())
            {
                book = Take(book, batch);
                view = batch.View;
            }

            List<StoreChange> changes = Allocator.Plan(book, view, time.GetUtcNow());
            await store.CommitAllAsync(Name, changes, logger, ct).ConfigureAwait(false);
            Report(view, book, changes);
        }
    }

    private static AllocationIndex Take(AllocationIndex book, StoreBatch batch)
    {
        if (batch.IsResync)
        {
            return AllocationIndex.Of(batch.View);
        }

        foreach (StoreEvent change in batch.Events)
        {
            book.Apply(change.Old, change.New, batch.View);
        }

        return book;
    }

    /// <summary>A network cannot say itself that it found no subnet.</summary>
    private void Report(StoreView view, AllocationIndex book, List<StoreChange> changes)
    {
        foreach (NetworkId id in book.NetworksWaiting)
        {
            if (view.Networks.Find(id) is { } network && !changes.Exists(c => c.Target == ObjectRef.Of(network)) && _reported.Add(id))
            {
                logger.NetworkWithoutSubnet(id, network.Name);
            }
        }
    }
}
