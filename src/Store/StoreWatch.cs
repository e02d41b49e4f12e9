using System.Threading.Channels;

namespace Skep.Store;

/// <summary>The changes of the store from one moment on: first a resync with the whole view, then one batch per index that changed something, in order.</summary>
/// <remarks>
/// Read by one loop. A watcher that falls more than <see cref="StoreOptions.WatchCapacity"/> batches behind loses them all and gets a resync instead.
/// Ends when disposed, or with <see cref="OperationCanceledException"/> when the token of the enumeration is cancelled.
/// </remarks>
public sealed class StoreWatch : IAsyncEnumerable<StoreBatch>, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<StoreBatch> _waiting = new();
    private readonly int _capacity;
    private readonly Action<StoreWatch> _onDisposed;

    // One wake-up is enough however many batches wait.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private StoreView? _resyncTo;

    internal StoreWatch(StoreView start, int capacity, Action<StoreWatch> onDisposed)
    {
        _resyncTo = start;
        _capacity = capacity;
        _onDisposed = onDisposed;
    }

    public async IAsyncEnumerator<StoreBatch> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        do
        {
            // Taken before the queue is emptied: what is published meanwhile wakes again.
            _wake.Reader.TryRead(out _);
            while (TryTake() is { } batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return batch;
            }
        }
        while (await _wake.Reader.WaitToReadAsync(cancellationToken));
    }

    /// <summary>The next batch if one is waiting; for loops that gather what there is.</summary>
    public StoreBatch? TryTake()
    {
        lock (_gate)
        {
            if (_resyncTo is { } view)
            {
                _resyncTo = null;
                return new StoreBatch(view, [], IsResync: true);
            }

            return _waiting.TryDequeue(out StoreBatch? batch) ? batch : null;
        }
    }

    public void Dispose()
    {
        _onDisposed(this);
        _wake.Writer.TryComplete();
    }

    internal void Publish(StoreBatch batch)
    {
        lock (_gate)
        {
            if (batch.IsResync || _waiting.Count >= _capacity)
            {
                _waiting.Clear();
                StoreMetrics.Resynced();
                _resyncTo = batch.View;
            }
            else
            {
                _waiting.Enqueue(batch);
            }
        }

        _wake.Writer.TryWrite(true);
    }
}
