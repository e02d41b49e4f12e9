namespace Skep.Store;

/// <summary>The log all replicas agree on, as the store needs it.</summary>
public interface IReplicatedLog
{
    /// <summary>Appends an entry and waits until it is committed and applied here, exactly once.</summary>
    /// <exception cref="ClusterException">Unavailable: no leader, or leadership was lost before the outcome was known; the entry may still be applied later.</exception>
    ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct);

    /// <summary>Returns once this replica has applied every entry that was committed anywhere when the call was made; then its view may be read.</summary>
    /// <returns>The index reached. The view's may be lower: the log has entries of its own that never come here.</returns>
    /// <exception cref="ClusterException">Unavailable: no leader.</exception>
    ValueTask<ulong> ReadIndexAsync(CancellationToken ct);
}

/// <param name="Index">Where the entry stands in the log.</param>
/// <param name="Applied">What <see cref="ClusterStore.Apply"/> returned for it on this replica.</param>
public readonly record struct LogResult(ulong Index, object? Applied);
