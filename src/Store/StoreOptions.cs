namespace Skep.Store;

/// <summary>Settings of a replica's store.</summary>
public sealed record StoreOptions
{
    /// <summary>Batches a watcher may be behind before they are dropped and it is told to resync.</summary>
    public int WatchCapacity { get; init; } = 1024;

    /// <summary>Largest encoded batch that is proposed. Larger ones are refused: they would hold up every other entry of the log.</summary>
    /// <remarks>Swarmkit's limit is 1.5 MiB; a stack of many 500 kB secrets should pass in one piece.</remarks>
    public int MaxBatchBytes { get; init; } = 8 << 20;

    /// <summary>Changes that <see cref="ClusterStore.CommitEachAsync"/> puts into one entry when each plan is smaller. Swarmkit's transactions hold 200.</summary>
    public int MaxBatchChanges { get; init; } = 500;
}
