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
        _wake.Writer.TryWrite(true);
    }

    public async IAsyncEnumerator<StoreBatch> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await _wake.Reader.WaitToReadAsync(cancellationToken))
        {
            _wake.Reader.TryRead(out _);
            while (TryTake() is { } batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return batch;
            }
        }
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
            // A view not yet taken is replaced by the newer one: listing once is enough.
            if (batch.IsResync || _resyncTo is not null || _waiting.Count >= _capacity)
            {
                _waiting.Clear();
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
