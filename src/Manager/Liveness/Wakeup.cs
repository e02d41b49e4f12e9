using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Skep.Manager.Liveness;

/// <summary>Turns of a loop that looks now and then, and at once when there is news.</summary>
internal sealed class Wakeup
{
    // One wake-up is enough however much is new.
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is a turn at once; now, or when somebody waits for one.</summary>
    public void Wake() => _news.Writer.TryWrite(true);

    /// <summary>A turn each period and after each <see cref="Wake"/>, for one reader. Ends only when cancelled.</summary>
    public async IAsyncEnumerable<bool> TurnsAsync(TimeSpan period, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        using var timer = new PeriodicTimer(period, time);
        Task<bool> tick = timer.WaitForNextTickAsync(ct).AsTask(), news = _news.Reader.ReadAsync(ct).AsTask();
        while (true)
        {
            await (await Task.WhenAny(tick, news).ConfigureAwait(false)).ConfigureAwait(false);
            tick = tick.IsCompleted ? timer.WaitForNextTickAsync(ct).AsTask() : tick;
            news = news.IsCompleted ? _news.Reader.ReadAsync(ct).AsTask() : news;
            yield return true;
        }
    }
}
