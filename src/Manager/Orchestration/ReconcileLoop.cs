using Skep.Manager.Leadership;

namespace Skep.Manager.Orchestration;

/// <summary>Runs a reconciler while this node leads: watches the store, reconciles the keys that are due, and commits the plans of one pass together.</summary>
/// <remarks>A batch that meets a conflict is refused whole; its keys are looked at again at once, now one batch a key, so that one busy object holds up no other.</remarks>
public sealed class ReconcileLoop<TKey>(IReconciler<TKey> reconciler, ClusterStore store, TimeProvider time, IdSource ids, Random random) : ILeaderLoop
    where TKey : notnull
{
    /// <summary>Changes committed at a time; larger passes are cut between keys. Source: moby/swarmkit:manager/state/store/memory.go MaxChangesPerTransaction.</summary>
    private const int MostChanges = 200;

    private readonly DelayQueue<TKey> _due = new(time);

    public string Name { get; } = reconciler.GetType().Name;

    public async Task RunAsync(CancellationToken ct)
    {
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task[] halves = [WatchAsync(both.Token), ReconcileAsync(both.Token)];
        Task first = await Task.WhenAny(halves).ConfigureAwait(false);
        await both.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(halves).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first.ConfigureAwait(false);
    }

    private async Task WatchAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            IEnumerable<TKey> touched = batch.IsResync ? reconciler.AllKeys(batch.View) : batch.Events.SelectMany(e => reconciler.KeysTouchedBy(e, batch.View));
            foreach (TKey key in touched)
            {
                _due.AddNow(key);
            }
        }
    }

    private async Task ReconcileAsync(CancellationToken ct)
    {
        var pass = new Dictionary<TKey, Plan>();
        var changes = new List<StoreChange>();
        while (true)
        {
            List<TKey> due = await _due.DequeueAsync(ct).ConfigureAwait(false);
            int taken = 0;
            while (taken < due.Count)
            {
                pass.Clear();
                changes.Clear();
                StoreView view = store.View();
                long began = time.GetTimestamp();
                var moment = new Moment(time.GetUtcNow(), ids, random);
                for (; taken < due.Count && changes.Count < MostChanges; taken++)
                {
                    Plan plan = reconciler.Reconcile(view, due[taken], moment);
                    pass[due[taken]] = plan;
                    changes.AddRange(plan.Changes);
                }

                ManagerMetrics.Reconciled(Name, time.GetElapsedTime(began));
                await CommitAsync(pass, changes, ct).ConfigureAwait(false);
            }
        }
    }

    private async Task CommitAsync(Dictionary<TKey, Plan> pass, List<StoreChange> changes, CancellationToken ct)
    {
        CommitOutcome outcome = await store.CommitAsync(changes, ct).ConfigureAwait(false);
        bool isRefused = !outcome.IsCommitted;
        if (isRefused)
        {
            ManagerMetrics.Conflicted(Name);
        }

        foreach ((TKey key, Plan plan) in pass)
        {
            bool mine = isRefused && plan.Changes.Count > 0;
            if (mine && pass.Count > 1)
            {
                // Perhaps another key's change met the conflict: this plan alone may still hold.
                mine = !(await store.CommitAsync(plan.Changes, ct).ConfigureAwait(false)).IsCommitted;
            }

            if (mine)
            {
                _due.AddNow(key);
            }
            else if (plan.WakeAt is { } at)
            {
                _due.Add(key, at);
            }
        }
    }
}
