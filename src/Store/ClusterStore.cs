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
    /// <exception cref="ClusterException">Unavailable: no leader, or the outcome is unknown. InvalidArgument: the batch is too large.</exception>
    public async ValueTask<CommitOutcome> CommitAsync(IReadOnlyList<StoreChange> changes, CancellationToken ct)
    {
        if (changes.Count == 0)
        {
            return new CommitOutcome.Committed(View().Index);
        }

        var entry = new ArrayBufferWriter<byte>(1024);
        codec.EncodeBatch(new ChangeBatch(time.GetUtcNow(), changes.ToValueList()), entry);
        if (entry.WrittenCount > options.MaxBatchBytes)
        {
            throw ClusterException.Invalid($"the change takes {entry.WrittenCount} bytes, more than the {options.MaxBatchBytes} that fit into one");
        }

        LogResult result = await log.ProposeAsync(entry.WrittenMemory, ct);
        return result.Applied as CommitOutcome ?? throw new ClusterException(ErrorKind.Internal, $"entry {result.Index} was applied as something else than a batch");
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

    private CommitOutcome Advance(ulong index, ReadOnlyMemory<byte> entry)
    {
        AppliedBatch applied = View().Apply(index, codec.DecodeBatch(entry));
        Publish(applied.Events.IsEmpty ? null : new StoreBatch(applied.View, applied.Events, IsResync: false), applied.View);
        return applied.Outcome;
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
