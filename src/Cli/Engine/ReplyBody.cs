using System.Globalization;

namespace Skep.Cli.Engine;

/// <summary>An answer's body: so many bytes, or chunks, or all that comes until the end.</summary>
internal sealed class ReplyBody : ReadOnlyStream
{
    private readonly HttpConnection _connection;
    private readonly bool _isChunked;
    private readonly bool _isKept;
    private long? _left;
    private bool _isOver;
    private bool _isFirst = true;

    public ReplyBody(HttpConnection connection, long? length, bool isChunked, bool isKept)
    {
        (_connection, _left, _isChunked, _isKept) = (connection, length, isChunked, isKept);
        if (length == 0)
        {
            End();
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isOver || buffer.IsEmpty)
        {
            return 0;
        }

        if (_isChunked && _left is null or 0 && !await NextChunkAsync(cancellationToken))
        {
            return 0;
        }

        int count = await _connection.ReadAsync(_left is { } left && left < buffer.Length ? buffer[..(int)left] : buffer, cancellationToken);
        if (count == 0)
        {
            _isOver = true;
            _connection.Dispose();
            return _left is null ? 0 : throw new IOException("unexpected EOF");
        }

        _left -= count;
        if (_left == 0 && !_isChunked)
        {
            End();
        }

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isOver)
        {
            _isOver = true;
            _connection.Dispose(); // Who stops in the middle does not want the rest.
        }

        base.Dispose(disposing);
    }

    /// <returns>False at the last one.</returns>
    private async ValueTask<bool> NextChunkAsync(CancellationToken cancellation)
    {
        if (!_isFirst)
        {
            await _connection.ReadLineAsync(cancellation);
        }

        _isFirst = false;
        string line = await _connection.ReadLineAsync(cancellation) ?? throw new IOException("unexpected EOF");
        _left = long.TryParse(line.Split(';')[0].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long size) ? size : throw new IOException($"malformed chunk \"{line}\"");
        if (_left > 0)
        {
            return true;
        }

        while (await _connection.ReadLineAsync(cancellation) is { Length: > 0 })
        {
            continue; // Trailers.
        }

        End();
        return false;
    }

    private void End()
    {
        _isOver = true;
        if (_isKept)
        {
            _connection.Release();
        }
        else
        {
            _connection.Dispose();
        }
    }
}

/// <summary>The parts of a stream that one does not write to.</summary>
internal abstract class ReadOnlyStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read it with ReadAsync");

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
