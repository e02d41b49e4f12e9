using System.Collections.Immutable;

namespace Skep.Store;

/// <summary>One object changed. Created: <paramref name="Old"/> is null. Removed: <paramref name="New"/> is null. Never both.</summary>
public sealed record StoreEvent(ObjectKind Kind, IStoredObject? Old, IStoredObject? New)
{
    public string Key => (New ?? Old)!.Key;

    public bool IsCreated => Old is null;

    public bool IsRemoved => New is null;

    /// <summary>The object after the change; if removed, as it last was.</summary>
    public IStoredObject Latest => (New ?? Old)!;
}

/// <summary>What one applied index changed, or word that events were left out.</summary>
/// <param name="View">The store just after these events.</param>
/// <param name="Events">In the order of the batch. Empty with <paramref name="IsResync"/>.</param>
/// <param name="IsResync">Forget what was known and take <paramref name="View"/> whole: always the first batch of a watch, and again whenever the watcher fell behind or a snapshot was restored.</param>
public sealed record StoreBatch(StoreView View, ImmutableArray<StoreEvent> Events, bool IsResync)
{
    public ulong Index => View.Index;
}
