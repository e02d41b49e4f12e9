namespace Skep.Manager.Leadership;

/// <summary>Commits many independent changes in batches. One that was refused is left to the caller's next look at the store; batches then shrink for a while,
/// so that a few objects that others keep changing cannot hold up the rest.</summary>
internal sealed class ChangeBatches
{
    private readonly int _most;
    private int _size;

    public ChangeBatches(int most) => _most = _size = most;

    /// <returns>Whether all were committed. What was refused will have changed: the watch has the change already.</returns>
    public async ValueTask<bool> CommitAsync(ClusterStore store, IReadOnlyList<StoreChange> changes, CancellationToken ct)
    {
        bool all = true;
        int done = 0;
        while (done < changes.Count)
        {
            int count = Math.Min(_size, changes.Count - done);
            CommitOutcome outcome = await store.CommitAsync([.. changes.Skip(done).Take(count)], ct).ConfigureAwait(false);
            done += count;
            if (outcome.IsCommitted)
            {
                _size = Math.Min(_most, _size * 2);
            }
            else
            {
                all = false;
                _size = Math.Max(1, _size / 8);
            }
        }

        return all;
    }
}
