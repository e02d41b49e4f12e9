using System.Net.Sockets;

namespace Skep.Cli.Engine;

/// <summary>One connection to a daemon: bytes both ways, of which ours can end first.</summary>
/// <remarks>
/// Most commands ask once or twice and get their answer at once. For them a short wait in place is much cheaper than an asynchronous one, whose machinery has to be
/// compiled first (measured: a third of the time that <c>service ls</c> takes). So reading waits in place for a moment while this is the only connection, and asynchronously after that.
/// </remarks>
/// <param name="endWriting">Tells the other side that nothing more comes.</param>
/// <param name="socket">Null where there is no plain socket underneath.</param>
internal sealed class EngineConnection(Stream inner, Func<ValueTask> endWriting, Socket? socket = null) : Stream
{
    private const int LargestInPlace = 64 * 1024;
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);
    private static int _open;

    private int _isDisposed;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static EngineConnection OpenUnix(string path, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            cancellation.ThrowIfCancellationRequested();
            socket.Connect(new UnixDomainSocketEndPoint(path)); // Either at once or never.
            return Of(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static async Task<EngineConnection> OpenTcpAsync(string host, int port, CancellationToken cancellation)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(EngineHost.ConnectLimit);
        try
        {
            await socket.ConnectAsync(host, port, limit.Token);
            return Of(socket);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>On top of a stream that has a way of its own to end.</summary>
    public static EngineConnection Over(Stream stream, Func<ValueTask>? endWriting = null) => Opened(new EngineConnection(stream, endWriting ?? (() =>
    {
        (stream as IHalfClosable)?.EndWriting();
        return ValueTask.CompletedTask;
    })));

    public ValueTask EndWritingAsync() => endWriting();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override int Read(Span<byte> buffer) => inner.Read(buffer);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => socket is not null && Volatile.Read(ref _open) == 1 && !cancellationToken.IsCancellationRequested && socket.Poll(Moment, SelectMode.SelectRead)
            ? ValueTask.FromResult(inner.Read(buffer.Span))
            : inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (socket is null || buffer.Length > LargestInPlace || Volatile.Read(ref _open) != 1)
        {
            return inner.WriteAsync(buffer, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        inner.Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Interlocked.Decrement(ref _open);
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static EngineConnection Of(Socket socket) => Opened(new EngineConnection(new NetworkStream(socket, ownsSocket: true), () =>
    {
        socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }, socket));

    private static EngineConnection Opened(EngineConnection connection)
    {
        Interlocked.Increment(ref _open);
        return connection;
    }
}
