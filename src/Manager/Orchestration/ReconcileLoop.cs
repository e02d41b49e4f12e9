using Microsoft.Extensions.Logging;
using Skep.Manager.Leadership;

namespace Skep.Manager.Orchestration;

/// <summary>Runs a reconciler while this node leads: watches the store, reconciles the keys that are due, and commits the plans of one pass together.</summary>
/// <remarks>
/// No stored object can stop it: a plan that meets a conflict is made again at once, and after a few in a row within a second; one that is refused for good, or
/// cannot even be made, waits by itself, from 0.1 s doubling to 30 s, and the other keys go on meanwhile. Why is written on the service (<see cref="Service.Trouble"/>), which <c>service why</c> and events tell.
/// </remarks>
public sealed class ReconcileLoop<TKey>(IReconciler<TKey> reconciler, ClusterStore store, TimeProvider time, IdSource ids, Random random, ILogger logger) : ILeaderLoop
    where TKey : notnull
{
    /// <summary>Changes planned on one view; more would only meet conflicts.</summary>
    private const int MostChanges = 200;

    /// <summary>Conflicts are other writers' news; a key that meets more of them in a row is fought over, and steps back.</summary>
    private const int ConflictsAtOnce = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.1), LongestPause = TimeSpan.FromSeconds(30), LongestConflictPause = TimeSpan.FromSeconds(1);

    /// <summary>What resolves itself before is not worth a word on the object.</summary>
    private static readonly TimeSpan ToldFrom = TimeSpan.FromSeconds(0.4);

    /// <summary>How often in a row a key's plan was refused, and how often somebody else was first.</summary>
    private readonly Dictionary<TKey, int> _refusals = [], _conflicts = [];

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
            foreach (TKey key in batch.IsResync ? reconciler.AllKeys(batch.View) : batch.Events.Where(IsNews).SelectMany(e => reconciler.KeysTouchedBy(e, batch.View)))
            {
                _due.AddNow(key);
            }
        }
    }

    private async Task ReconcileAsync(CancellationToken ct)
    {
        var keys = new List<TKey>();
        var plans = new List<Plan>();
        while (true)
        {
            List<TKey> due = await _due.DequeueAsync(ct).ConfigureAwait(false);
            int taken = 0;
            while (taken < due.Count)
            {
                keys.Clear();
                plans.Clear();
                StoreView view = store.View();
                long began = time.GetTimestamp();
                var moment = new Moment(time.GetUtcNow(), ids, random);
                for (int changes = 0; taken < due.Count && changes < MostChanges; taken++)
                {
                    if (await PlanAsync(view, due[taken], moment, ct).ConfigureAwait(false) is { } plan)
                    {
                        keys.Add(due[taken]);
                        plans.Add(plan);
                        changes += plan.Changes.Count;
                    }
                }

                ManagerMetrics.Reconciled(Name, time.GetElapsedTime(began));
                IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync([.. plans.Select(static p => p.Changes)], ct).ConfigureAwait(false);
                for (int i = 0; i < keys.Count; i++)
                {
                    await SettleAsync(keys[i], plans[i], outcomes[i], ct).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Null when the reconciler itself failed over what is stored: that key waits, the others go on. A broken invariant ends the loop.</summary>
    private async Task<Plan?> PlanAsync(StoreView view, TKey key, Moment moment, CancellationToken ct)
    {
        try
        {
            return reconciler.Reconcile(view, key, moment);
        }
        catch (Exception e) when (e is not (StoreInvariantException or OutOfMemoryException))
        {
            await StepBackAsync(key, $"cannot be planned: {e.Message}", e, ct).ConfigureAwait(false);
            return null;
        }
    }

    private async Task SettleAsync(TKey key, Plan plan, CommitOutcome outcome, CancellationToken ct)
    {
        if (outcome.IsCommitted)
        {
            _refusals.Remove(key);
            _conflicts.Remove(key);
            await TellAsync(key, "", ct).ConfigureAwait(false);
            if (plan.WakeAt is { } at)
            {
                _due.Add(key, at);
            }

            return;
        }

        ManagerMetrics.Conflicted(Name);
        if (outcome is CommitOutcome.Conflict or CommitOutcome.Missing)
        {
            // Somebody else was first: the view has their change already. That is no trouble of the object's, however often it happens.
            int conflicts = _conflicts[key] = _conflicts.GetValueOrDefault(key) + 1;
            _due.Add(key, time.GetUtcNow() + (conflicts <= ConflictsAtOnce ? TimeSpan.Zero : Doubled(conflicts - ConflictsAtOnce, LongestConflictPause)));
            logger.PlanOvertaken(Name, $"{key}", conflicts);
            return;
        }

        await StepBackAsync(key, outcome.Describe(), failure: null, ct).ConfigureAwait(false);
    }

    /// <summary>The key waits; if it has come to nothing for a while, the service says why.</summary>
    /// <param name="failure">Of the reconciler itself; null: its plan was refused.</param>
    private async Task StepBackAsync(TKey key, string reason, Exception? failure, CancellationToken ct)
    {
        int refusals = _refusals[key] = _refusals.GetValueOrDefault(key) + 1;
        TimeSpan pause = Doubled(refusals, LongestPause);
        ManagerMetrics.BackedOff(Name);
        _due.Add(key, time.GetUtcNow() + pause);
        if (failure is not null)
        {
            logger.NotReconciled(failure, Name, $"{key}");
        }
        else
        {
            logger.PlanRefused(Name, $"{key}", reason, pause.TotalSeconds);
        }

        if (pause >= ToldFrom)
        {
            await TellAsync(key, $"{Name}: {reason}", ct).ConfigureAwait(false);
        }
    }

    private static TimeSpan Doubled(int times, TimeSpan longest)
        => TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(times - 1, 30))));

    /// <summary>Writes on a service what keeps this loop from serving it. What another loop wrote stays: the first trouble is told until it is over, then the next.</summary>
    /// <param name="trouble">Empty: nothing.</param>
    private async Task TellAsync(TKey key, string trouble, CancellationToken ct)
    {
        if (key is ServiceId id && store.View().Services.Find(id) is { } service && service.Trouble != trouble
            && (service.Trouble.Length == 0 || service.Trouble.StartsWith($"{Name}: ", StringComparison.Ordinal)))
        {
            await store.CommitEachAsync([[new StoreChange.Update(service with { Trouble = trouble })]], ct).ConfigureAwait(false); // Who changed it meanwhile brings this key back.
        }
    }

    /// <summary>What was only told about a service is no reason to look at it again.</summary>
    private static bool IsNews(StoreEvent change) => change is not { Old: Service old, New: Service now } || old.Trouble == now.Trouble;
}
