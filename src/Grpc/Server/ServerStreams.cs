using Grpc.Core;
using Microsoft.AspNetCore.Connections;

namespace Grpc.AspNetCore.Server;

/// <summary>Requests of a streaming call.</summary>
internal sealed class ServerStreamReader<T>(HttpContextServerCallContext call, Func<DeserializationContext, T> deserializer) : IAsyncStreamReader<T>
    where T : class
{
    private T? _current;
    private int _reading;

    public T Current => _current ?? throw new InvalidOperationException("No current element is available.");

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        call.CancellationToken.ThrowIfCancellationRequested();
        if (call.HasEnded)
            throw new InvalidOperationException("Can't read messages after the request is complete.");
        if (Interlocked.Exchange(ref _reading, 1) != 0)
            throw new InvalidOperationException("Can't read the next message because the previous read is still in progress.");
        CancellationToken own = call.CancellationToken;
        CancellationTokenSource? both = cancellationToken.CanBeCanceled && cancellationToken != own
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, own)
            : null;
        try
        {
            _current = null;
            _current = await call.Reader.ReadAsync(deserializer, both?.Token ?? own).ConfigureAwait(false);
            return _current is not null;
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException)
        {
            // Kestrel reports a reset stream or a lost connection as several exceptions; for a handler they all mean: the client is gone.
            throw new OperationCanceledException("The client reset the request stream.", e, own);
        }
        finally
        {
            both?.Dispose();
            Volatile.Write(ref _reading, 0);
        }
    }
}

/// <summary>Answers of a streaming call.</summary>
internal sealed class ServerStreamWriter<T>(HttpContextServerCallContext call, Action<T, SerializationContext> serializer) : IServerStreamWriter<T>
    where T : class
{
    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested
        ? Task.FromCanceled(cancellationToken)
        : call.WriteMessageAsync(message, serializer, (WriteOptions ?? call.WriteOptions)?.Flags ?? default, flush: true, cancellationToken);
}
