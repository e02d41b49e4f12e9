namespace Skep.Store;

/// <summary>The log all replicas agree on, as the store needs it.</summary>
public interface IReplicatedLog
{
    /// <summary>Appends an entry and waits until it is committed and applied here, exactly once.</summary>
    /// <exception cref="ClusterException">Unavailable: no leader, or leadership was lost before the outcome was known; the entry may still be applied later.</exception>
    ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct);

    /// <summary>An index that includes every write answered before this call. The local replica may not have applied it yet.</summary>
    /// <exception cref="ClusterException">Unavailable: no leader.</exception>
    ValueTask<ulong> ReadIndexAsync(CancellationToken ct);
}

/// <param name="Index">Where the entry stands in the log.</param>
/// <param name="Applied">What <see cref="ClusterStore.Apply"/> returned for it on this replica.</param>
public readonly record struct LogResult(ulong Index, object? Applied);
