using System.Buffers;

namespace Skep.Store;

/// <summary>This replica of the cluster's objects: reads are views, writes are batches that go through the log and are checked when they come back from it.</summary>
/// <remarks>
/// <see cref="Apply"/> and <see cref="Restore"/> are called by the log's applier, one at a time and in order of index; everything else may be
/// called from anywhere.
/// </remarks>
public sealed class ClusterStore(IReplicatedLog log, IStoreCodec codec, TimeProvider time, StoreOptions options)
{
    private readonly IndexWaiters _waiters = new();

    // Guards the list of watches and the step from one view to the next, so that a watch starts between two batches. Readers never take it.
    private readonly Lock _publishing = new();
    private readonly List<StoreWatch> _watches = [];
    private StoreView _view = StoreView.Empty;

    /// <summary>The store as this replica knows it; may lag behind the leader. Never waits.</summary>
    public StoreView View() => Volatile.Read(ref _view);

    /// <summary>A view that has every write answered before this call, by whichever manager.</summary>
    /// <exception cref="ClusterException">Unavailable: no leader.</exception>
    public async ValueTask<StoreView> ReadAsync(CancellationToken ct)
    {
        await log.ReadIndexAsync(ct);
        return View();
    }

    /// <summary>Proposes the changes and tells what applying them said. After <see cref="CommitOutcome.Committed"/> they are in <see cref="View"/>. No changes: committed at once.</summary>
    /// <exception cref="ClusterException">Unavailable: no leader, or the outcome is unknown. InvalidArgument: the batch is too large, or a replica could not read it.</exception>
    public async ValueTask<CommitOutcome> CommitAsync(IReadOnlyList<StoreChange> changes, CancellationToken ct)
    {
        if (changes.Count == 0)
        {
            return new CommitOutcome.Committed(View().Index);
        }

        return WhyNotProposed(changes, out ReadOnlyMemory<byte> entry) is { } reason ? throw ClusterException.Invalid(reason) : await ProposeAsync(entry, ct);
    }

    /// <summary>Commits plans that have nothing to do with each other, as many in one entry as fit. What is refused is refused alone: it holds up no other plan.</summary>
    /// <remarks>
    /// The one place where loops' commits are cut, by count and by bytes. A plan is one entry unless it is too large for that; then its changes follow each other
    /// in several entries, in order, and a refused piece ends it: the reconcilers' next look continues from there, as after a change of leader.
    /// </remarks>
    /// <returns>What became of each plan, in order; <see cref="CommitOutcome.Refused"/> when even a single change of it cannot be an entry.</returns>
    /// <exception cref="ClusterException">Unavailable: no leader, or the outcome is unknown.</exception>
    public async ValueTask<IReadOnlyList<CommitOutcome>> CommitEachAsync(IReadOnlyList<IReadOnlyList<StoreChange>> plans, CancellationToken ct)
    {
        var outcomes = new CommitOutcome[plans.Count];
        for (int start = 0, end = 0; start < plans.Count; start = end)
        {
            int changes = 0;
            while (end < plans.Count && (end == start || changes + plans[end].Count <= options.MaxBatchChanges))
            {
                changes += plans[end++].Count;
            }

            await CommitRangeAsync(plans, outcomes, start, end, ct);
        }

        return outcomes;
    }

    /// <summary>Applies a committed entry.</summary>
    /// <param name="index">Rises from call to call, with gaps where the log holds entries of its own.</param>
    /// <returns>The <see cref="CommitOutcome"/>, for whoever proposed it.</returns>
    public object Apply(ulong index, ReadOnlyMemory<byte> entry)
    {
        CommitOutcome outcome = Advance(index, entry);
        StoreMetrics.Applied(outcome);
        return outcome;
    }

    /// <summary>A store of its own that begins as <paramref name="view"/>: what is committed there is encoded, limited, checked and applied as here, but at once, and it stays there.</summary>
    public ClusterStore Branch(StoreView view)
    {
        var log = new BranchLog();
        log.Branch = new ClusterStore(log, codec, time, options) { _view = view };
        return log.Branch;
    }

    /// <summary>Watches from now on; the first batch is a resync with the present view. Dispose when done.</summary>
    public StoreWatch Watch()
    {
        lock (_publishing)
        {
            var watch = new StoreWatch(View(), options.WatchCapacity, Forget);
            _watches.Add(watch);
            return watch;
        }
    }

    /// <summary>Returns once <see cref="View"/> has at least this index, that of a batch applied on some manager.</summary>
    public ValueTask WaitForIndexAsync(ulong index, CancellationToken ct) => _waiters.WaitAsync(index, ct);

    /// <summary>Equal on replicas whose content is equal at the same index. Reads the whole store.</summary>
    public ulong Checksum(StoreView view) => view.Checksum(codec);

    /// <summary>Writes a captured view, <c>View()</c> at any time, as a snapshot. Equal views give equal bytes.</summary>
    public void WriteSnapshot(StoreView view, Stream output) => StoreSnapshot.Write(view, codec, output);

    /// <summary>Replaces the content by a snapshot's; watchers resync.</summary>
    /// <param name="index">The index the log says the snapshot is of.</param>
    /// <exception cref="ClusterException">Internal: the snapshot is damaged or cut off; nothing has changed.</exception>
    public void Restore(ulong index, Stream snapshot)
    {
        StoreView view = StoreSnapshot.Read(snapshot, codec);
        if (view.Index > index)
        {
            throw new ClusterException(ErrorKind.Internal, $"the snapshot of index {index} holds a store of index {view.Index}");
        }

        view = view.At(index);
        Publish(new StoreBatch(view, [], IsResync: true), view);
    }

    /// <remarks>An entry that cannot be read changes nothing, on this replica as on every other, and stops none of them.</remarks>
    private CommitOutcome Advance(ulong index, ReadOnlyMemory<byte> entry)
    {
        AppliedBatch applied = WhyUnreadable(entry, out ChangeBatch? batch) is { } reason
            ? new AppliedBatch(View().At(index), new CommitOutcome.Refused(reason), [])
            : View().Apply(index, batch!);
        Publish(applied.Events.IsEmpty ? null : new StoreBatch(applied.View, applied.Events, IsResync: false), applied.View);
        return applied.Outcome;
    }

    private async ValueTask CommitRangeAsync(IReadOnlyList<IReadOnlyList<StoreChange>> plans, CommitOutcome[] outcomes, int start, int end, CancellationToken ct)
    {
        if (end - start == 1)
        {
            outcomes[start] = await CommitPlanAsync(plans[start], ct);
            return;
        }

        StoreChange[] together = [.. plans.Skip(start).Take(end - start).SelectMany(static plan => plan)];
        if (together.Length == 0 || (WhyNotProposed(together, out ReadOnlyMemory<byte> entry) is null && (await ProposeAsync(entry, ct)).IsCommitted))
        {
            Array.Fill(outcomes, new CommitOutcome.Committed(View().Index), start, end - start);
            return;
        }

        int middle = start + ((end - start) / 2);
        await CommitRangeAsync(plans, outcomes, start, middle, ct);
        await CommitRangeAsync(plans, outcomes, middle, end, ct);
    }

    private async ValueTask<CommitOutcome> CommitPlanAsync(IReadOnlyList<StoreChange> plan, CancellationToken ct)
    {
        if (plan.Count == 0)
        {
            return new CommitOutcome.Committed(View().Index);
        }

        if (WhyNotProposed(plan, out ReadOnlyMemory<byte> entry) is not { } reason)
        {
            return await ProposeAsync(entry, ct);
        }

        if (plan.Count == 1)
        {
            return new CommitOutcome.Refused(reason);
        }

        CommitOutcome first = await CommitPlanAsync([.. plan.Take(plan.Count / 2)], ct);
        return first.IsCommitted ? await CommitPlanAsync([.. plan.Skip(plan.Count / 2)], ct) : first;
    }

    private async ValueTask<CommitOutcome> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
    {
        LogResult result = await log.ProposeAsync(entry, ct);
        return result.Applied as CommitOutcome ?? throw new ClusterException(ErrorKind.Internal, $"entry {result.Index} was applied as something else than a batch");
    }

    /// <summary>Makes the entry. What is proposed can be applied: it is read back first.</summary>
    private string? WhyNotProposed(IReadOnlyList<StoreChange> changes, out ReadOnlyMemory<byte> entry)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        entry = default;
        try
        {
            codec.EncodeBatch(new ChangeBatch(time.GetUtcNow(), changes.ToValueList()), bytes);
        }
        catch (ClusterException e)
        {
            return e.Message;
        }

        entry = bytes.WrittenMemory;
        return entry.Length > options.MaxBatchBytes
            ? $"the change takes {entry.Length} bytes, more than the {options.MaxBatchBytes} that fit into one"
            : WhyUnreadable(entry, out _) is { } reason ? $"the change cannot be applied: {reason}" : null;
    }

    private string? WhyUnreadable(ReadOnlyMemory<byte> entry, out ChangeBatch? batch)
    {
        try
        {
            batch = codec.DecodeBatch(entry);
            return null;
        }
        catch (ClusterException e)
        {
            batch = null;
            return e.Message;
        }
    }

    private void Publish(StoreBatch? batch, StoreView view)
    {
        lock (_publishing)
        {
            Volatile.Write(ref _view, view);
            if (batch is not null)
            {
                foreach (StoreWatch watch in _watches)
                {
                    watch.Publish(batch);
                }
            }
        }

        _waiters.Reach(view.Index);
    }

    private void Forget(StoreWatch watch)
    {
        lock (_publishing)
        {
            _watches.Remove(watch);
        }
    }

    /// <summary>Proposing an entry applies it: a branch is nobody's replica. One caller at a time.</summary>
    private sealed class BranchLog : IReplicatedLog
    {
        public ClusterStore? Branch { get; set; }

        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
        {
            ulong index = Branch!.View().Index + 1;
            return ValueTask.FromResult(new LogResult(index, Branch.Advance(index, entry)));
        }

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct) => ValueTask.FromResult(Branch!.View().Index);
    }
}
