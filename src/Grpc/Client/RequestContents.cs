using System.Net;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>A request of one message. It can be sent again when the handler has to choose another connection.</summary>
internal sealed class SingleContent<T>(GrpcCall call, T message, Action<T, SerializationContext> serializer) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var buffer = new PooledBuffer();
        FrameWriterFor.Call(call, buffer).Write(message, serializer, mayCompress: MayCompress(call.DefaultWriteOptions));
        await stream.WriteAsync(buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    private static bool MayCompress(WriteOptions? options) => ((options?.Flags ?? default) & WriteFlags.NoCompress) == 0;
}

/// <summary>A request whose messages come one by one: it lends its stream to the writer and lasts until the writer completes.</summary>
internal sealed class StreamedContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The stream to write to; cancelled if the call ends before it opens.</summary>
    public Task<Stream> StreamAsync => _stream.Task;

    public bool IsCompleted => _completed.Task.IsCompleted;

    /// <summary>No more messages: END_STREAM.</summary>
    public void Complete() => _completed.TrySetResult();

    /// <summary>The call has ended; writers waiting for the stream go away empty-handed.</summary>
    public void Abandon() => _stream.TrySetCanceled();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Without this flush the HEADERS frame would wait for the first message.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        if (!_stream.TrySetResult(stream))
            throw new HttpRequestException("The request stream was refused by the connection after it had been opened, or its call has ended.");
        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }
}

internal static class FrameWriterFor
{
    public static FrameWriter Call(GrpcCall call, PooledBuffer buffer) => new(buffer, call.MaxSendBytes)
    {
        Gzip = call.SendsGzip ? System.IO.Compression.CompressionLevel.Fastest : null,
    };
}
