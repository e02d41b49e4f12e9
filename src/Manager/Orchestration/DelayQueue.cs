using System.Threading.Channels;

namespace Skep.Manager.Orchestration;

/// <summary>Keys and when each is to be looked at next; a key is in it at most once, with the earliest moment asked for.</summary>
/// <remarks>Anyone may add; one loop takes.</remarks>
internal sealed class DelayQueue<TKey>(TimeProvider time)
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, DateTimeOffset> _due = [];
    private readonly PriorityQueue<TKey, DateTimeOffset> _order = new();

    // One wake-up is enough however many keys came.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void AddNow(TKey key) => Add(key, DateTimeOffset.MinValue);

    public void Add(TKey key, DateTimeOffset at)
    {
        lock (_gate)
        {
            if (_due.TryGetValue(key, out DateTimeOffset known) && known <= at)
            {
                return;
            }

            _due[key] = at;
            _order.Enqueue(key, at);
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Takes every key that is due; waits until there is one.</summary>
    public async ValueTask<List<TKey>> DequeueAsync(CancellationToken ct)
    {
        while (true)
        {
            (List<TKey> due, DateTimeOffset? next) = TakeDue();
            if (due.Count > 0)
            {
                return due;
            }

            if (next is null)
            {
                await _wake.Reader.ReadAsync(ct).ConfigureAwait(false);
            }
            else
            {
                await WaitAsync(next.Value - time.GetUtcNow(), ct).ConfigureAwait(false);
            }
        }
    }

    private (List<TKey> Due, DateTimeOffset? Next) TakeDue()
    {
        var due = new List<TKey>();
        DateTimeOffset now = time.GetUtcNow();
        lock (_gate)
        {
            while (_order.TryPeek(out TKey? key, out DateTimeOffset at))
            {
                // Entries that an earlier moment has overtaken are dropped here.
                if (!_due.TryGetValue(key, out DateTimeOffset known) || known != at)
                {
                    _order.Dequeue();
                    continue;
                }

                if (at > now)
                {
                    return (due, at);
                }

                _order.Dequeue();
                _due.Remove(key);
                due.Add(key);
            }
        }

        return (due, null);
    }

    private async ValueTask WaitAsync(TimeSpan delay, CancellationToken ct)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task timer = Task.Delay(delay < TimeSpan.FromHours(1) ? delay : TimeSpan.FromHours(1), time, either.Token);
        Task woken = _wake.Reader.WaitToReadAsync(either.Token).AsTask();
        await Task.WhenAny(timer, woken).ConfigureAwait(false);
        _wake.Reader.TryRead(out _);
        await either.CancelAsync().ConfigureAwait(false);
        ct.ThrowIfCancellationRequested();
    }
}
