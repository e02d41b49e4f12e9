namespace Skep.Engine.Images;

/// <summary>A source that is given up when nothing comes from it for a while, so that another one can be tried.</summary>
internal sealed class TimeoutSource(IImageSource source, TimeSpan patience, TimeProvider time) : IImageSource
{
    public string Description => source.Description;

    /// <exception cref="SourceStalledException"/>
    public Task<Descriptor> ResolveAsync(CancellationToken ct) => WithinAsync("its manifest", source.ResolveAsync, ct);

    /// <exception cref="SourceStalledException">Also by the reads of the stream.</exception>
    public async Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
        => new TimeoutStream(this, blob.Digest, await WithinAsync(blob.Digest, stop => source.OpenAsync(blob, offset, stop), ct));

    private async Task<T> WithinAsync<T>(string what, Func<CancellationToken, Task<T>> step, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await step(either.Token);
        }
        catch (Exception e) when (limit.IsCancellationRequested && !ct.IsCancellationRequested && e is OperationCanceledException or Grpc.Core.RpcException or IOException or HttpRequestException)
        {
            throw new SourceStalledException($"{source.Description} sent nothing for {patience.TotalSeconds:0.#} s while {what} was waited for", e);
        }
    }

    private sealed class TimeoutStream(TimeoutSource owner, string what, Stream inner) : ReadStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => await owner.WithinAsync(what, stop => inner.ReadAsync(buffer, stop).AsTask(), cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>Nothing came from a source for too long. Trying the same source again is no use.</summary>
internal sealed class SourceStalledException(string message, Exception inner) : IOException(message, inner);
