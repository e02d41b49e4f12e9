namespace Skep.Engine.Images;

/// <summary>A blob of this node as a stream of known length, read once from the front.</summary>
/// <param name="progress">Told how many bytes were read so far.</param>
internal sealed class BlobStream(ContentStore content, Descriptor blob, Action<long>? progress, CancellationToken ct) : ReadStream
{
    private readonly IAsyncEnumerator<ReadOnlyMemory<byte>> _chunks = content.ReadAsync(blob.Digest, 0, ct).GetAsyncEnumerator(ct);
    private ReadOnlyMemory<byte> _chunk;
    private long _position;

    /// <summary>Said so that its length is asked for; it does not go back.</summary>
    public override bool CanSeek => true;

    public override long Length => blob.Size;

    public override long Position { get => _position; set => Seek(value, SeekOrigin.Begin); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_chunk.IsEmpty)
        {
            if (!await _chunks.MoveNextAsync())
            {
                return 0;
            }

            _chunk = _chunks.Current;
        }

        int count = Math.Min(buffer.Length, _chunk.Length);
        _chunk[..count].CopyTo(buffer);
        _chunk = _chunk[count..];
        _position += count;
        progress?.Invoke(_position);
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin)
        => origin == SeekOrigin.Begin && offset == _position ? _position : throw new NotSupportedException("a blob is read from the front");

    public override async ValueTask DisposeAsync()
    {
        await _chunks.DisposeAsync();
        await base.DisposeAsync();
    }
}
