using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>Requests of a streaming call.</summary>
internal sealed class ClientStreamWriter<T>(GrpcCall call, StreamedContent content, Action<T, SerializationContext> serializer) : IClientStreamWriter<T>
{
    private int _writing;

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public async Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (Interlocked.Exchange(ref _writing, 1) != 0)
            throw new InvalidOperationException("Can't write the message because the previous write is in progress.");
        try
        {
            if (call.EndStatus is not null)
                throw call.EndException();
            if (content.IsCompleted)
                throw new InvalidOperationException("Request stream has already been completed.");
            using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static c => ((GrpcCall)c!).Cancel(), call);
            await WriteCoreAsync(message).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    public Task CompleteAsync()
    {
        if (Volatile.Read(ref _writing) != 0)
            throw new InvalidOperationException("Can't complete the client stream writer because the previous write is in progress.");
        content.Complete();
        return Task.CompletedTask;
    }

    private async Task WriteCoreAsync(T message)
    {
        WriteFlags flags = (WriteOptions ?? call.DefaultWriteOptions)?.Flags ?? default;
        using var buffer = new PooledBuffer();
        try
        {
            FrameWriterFor.Call(call, buffer).Write(message, serializer, mayCompress: (flags & WriteFlags.NoCompress) == 0);
        }
        catch (GrpcWireException e)
        {
            throw call.Fail(e);
        }

        try
        {
            Stream stream = await content.StreamAsync.ConfigureAwait(false);
            await stream.WriteAsync(buffer.WrittenMemory).ConfigureAwait(false);
            if ((flags & WriteFlags.BufferHint) == 0)
                await stream.FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or HttpRequestException)
        {
            // The server ended the call, the connection broke, or the call was cancelled: the call knows which.
            throw await call.WriteFailedAsync(e).ConfigureAwait(false);
        }
    }
}
