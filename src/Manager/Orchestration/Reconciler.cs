namespace Skep.Manager.Orchestration;

/// <summary>Changes to commit together, and when to look again even if nothing changes.</summary>
public sealed record Plan(ValueList<StoreChange> Changes, DateTimeOffset? WakeAt)
{
    public static Plan Nothing { get; } = new([], null);
}

/// <summary>Brings what is stored closer to what is asked, one key at a time. Pure: everything it may know is handed in, everything it wants is in the plan.</summary>
/// <remarks>Level-triggered: what it decides follows from the view alone, never from which event led to it. Applying a plan and reconciling again at the same moment changes nothing.</remarks>
public interface IReconciler<TKey>
    where TKey : notnull
{
    /// <summary>Every key there is to look at; asked after winning leadership and after a resync.</summary>
    IEnumerable<TKey> AllKeys(StoreView view);

    /// <summary>The keys whose plan may be another after this change.</summary>
    IEnumerable<TKey> KeysTouchedBy(StoreEvent change, StoreView view);

    Plan Reconcile(StoreView view, TKey key, Moment moment);
}
