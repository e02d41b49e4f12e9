using Microsoft.Extensions.Logging;
using Skep.Manager.Leadership;
using Skep.Scheduler;

namespace Skep.Manager.Scheduling;

/// <summary>Gives pending tasks their nodes: keeps the placer's picture up with the store, places all that waits at once, commits in pieces.</summary>
/// <remarks>
/// Only this loop moves tasks to Assigned, and a commit is in the watch before it returns: so a picture that has taken in all that the watch holds knows of
/// every placement made before. Tasks that found no node are tried again when something that could help them changed, not on every event.
/// </remarks>
internal sealed class SchedulerLoop(ClusterStore store, TimeProvider time, ILogger<SchedulerLoop> logger) : ILeaderLoop
{
    public string Name => nameof(SchedulerLoop);

    public async Task RunAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        ClusterCache picture = new ClusterCache();
        bool isDirty = false;
        await foreach (StoreBatch first in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            for (StoreBatch? batch = first; batch is not null; batch = watch.TryTake())
            {
                (picture, bool matters) = Take(picture, batch);
                isDirty |= matters;
            }

            if (isDirty)
            {
                IReadOnlyList<SwarmTask> pending = picture.Pending;
                long start = time.GetTimestamp();
                IReadOnlyList<StoreChange> changes = pending.Count == 0 ? [] : PlacementPlan.Of(Placer.Place(picture, pending, time.GetUtcNow()), time.GetUtcNow());
                Measure(changes, time.GetElapsedTime(start));
                isDirty = !await store.CommitAllAsync(Name, changes, logger, ct).ConfigureAwait(false);
                if (changes.Count > 0)
                {
                    logger.TasksPlaced(changes.Count, pending.Count, time.GetElapsedTime(start).TotalMilliseconds);
                }
            }
        }
    }

    private void Measure(IReadOnlyList<StoreChange> changes, TimeSpan took)
    {
        if (changes.Count == 0 || !ManagerMetrics.SchedulerPass.Enabled)
        {
            return;
        }

        ManagerMetrics.SchedulerPass.Record(took.TotalSeconds);
        DateTimeOffset now = time.GetUtcNow();
        foreach (StoreChange change in changes)
        {
            if (change is StoreChange.Update { Object: SwarmTask { Status.State: TaskState.Assigned } task })
            {
                ManagerMetrics.PlacementDelay.Record(Math.Max(0, (now - task.CreatedAt).TotalSeconds));
            }
        }
    }

    private static (ClusterCache Picture, bool Matters) Take(ClusterCache picture, StoreBatch batch)
    {
        if (batch.IsResync)
        {
            return (ClusterCache.Of(batch.View.Nodes, batch.View.Tasks, batch.View.Networks), true);
        }

        bool matters = false;
        foreach (StoreEvent change in batch.Events)
        {
            picture.Apply(change.Old, change.New);
            matters |= PlacementPlan.MayHelp(change);
        }

        return (picture, matters);
    }
}
