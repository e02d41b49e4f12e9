using Skep.Manager.Orchestration;
using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

internal interface ISimLoop
{
    DateTimeOffset? NextWake { get; }

    void Begin(StoreView view);

    void Note(StoreEvent change, StoreView view);

    void Run(SimCluster cluster, Moment moment);

    void AssertAtRest(StoreView view, Moment moment);
}

/// <summary>What <see cref="ReconcileLoop{TKey}"/> does, in virtual time; every plan is made twice, and the second must be empty.</summary>
internal sealed class SimLoop<TKey>(IReconciler<TKey> reconciler) : ISimLoop
    where TKey : notnull, IComparable<TKey>
{
    private readonly SortedDictionary<TKey, DateTimeOffset> _due = [];

    public DateTimeOffset? NextWake => _due.Count == 0 ? null : _due.Values.Min();

    public void Begin(StoreView view)
    {
        _due.Clear();
        foreach (TKey key in reconciler.AllKeys(view))
        {
            _due[key] = DateTimeOffset.MinValue;
        }
    }

    public void Note(StoreEvent change, StoreView view)
    {
        foreach (TKey key in reconciler.KeysTouchedBy(change, view))
        {
            _due[key] = DateTimeOffset.MinValue;
        }
    }

    public void Run(SimCluster cluster, Moment moment)
    {
        foreach (TKey key in _due.Where(d => d.Value <= moment.Now).Select(d => d.Key).ToArray())
        {
            _due.Remove(key);
            Plan plan = reconciler.Reconcile(cluster.View, key, moment);
            cluster.Apply([.. plan.Changes]);
            if (plan.WakeAt > moment.Now || plan.WakeAt is null)
            {
                Plan again = reconciler.Reconcile(cluster.View, key, moment);
                AssertNothing(again, key);
                Assert.False(again.WakeAt <= moment.Now, $"{reconciler.GetType().Name} asks to be called again at once");
            }

            if (plan.WakeAt is { } at && !(_due.TryGetValue(key, out DateTimeOffset known) && known <= at))
            {
                _due[key] = at;
            }
        }
    }

    public void AssertAtRest(StoreView view, Moment moment)
    {
        foreach (TKey key in reconciler.AllKeys(view))
        {
            Plan plan = reconciler.Reconcile(view, key, moment);
            AssertNothing(plan, key);
            Assert.True(plan.WakeAt is not { } at || (_due.TryGetValue(key, out DateTimeOffset due) && due <= at), $"{reconciler.GetType().Name} would not wake for {key}");
        }
    }

    private void AssertNothing(Plan plan, TKey key)
        => Assert.True(plan.Changes.IsEmpty, $"{reconciler.GetType().Name} of {key} still changes {string.Join(", ", plan.Changes.Select(c => c.Target))}");
}
