using System.Threading.Channels;

namespace Skep.Engine.Events;

/// <summary>One listener of an <see cref="EventHub"/>; read by one loop.</summary>
public sealed class EventSubscription : IDisposable
{
    private const int Capacity = 4096;

    // A listener that does not read loses the oldest; others, and those who tell, never wait for it.
    private readonly Channel<NodeEvent> _coming = Channel.CreateBounded<NodeEvent>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly Action<EventSubscription> _forget;

    internal EventSubscription(IReadOnlyList<NodeEvent> past, Action<EventSubscription> forget)
    {
        Past = past;
        _forget = forget;
    }

    /// <summary>What was kept from the moment asked for up to the subscription, in order.</summary>
    public IReadOnlyList<NodeEvent> Past { get; }

    /// <summary>What happens after the subscription, in order, until cancelled or disposed.</summary>
    public IAsyncEnumerable<NodeEvent> ComingAsync(CancellationToken ct) => _coming.Reader.ReadAllAsync(ct);

    public void Dispose()
    {
        _forget(this);
        _coming.Writer.TryComplete();
    }

    internal void Deliver(NodeEvent told) => _coming.Writer.TryWrite(told);
}
