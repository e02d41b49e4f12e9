using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Skep.Api.Http;

/// <summary>A client behind a web socket: binary messages of raw bytes, both outputs in one.</summary>
/// <remarks>Source: RFC 6455; Docker's API since 1.28 sends binary messages.</remarks>
internal sealed class WebSocketClient(WebSocket socket, HijackedConnection connection) : IAttachedClient
{
    private const string Salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The answer to a client's key.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 names the algorithm; nothing is protected by it.")]
    public static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Salt)));

    public static WebSocketClient Open(HijackedConnection connection)
        => new(WebSocket.CreateFromStream(new ConnectionStream(connection), new WebSocketCreationOptions { IsServer = true }), connection);

    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult result = await socket.ReceiveAsync(buffer, ct);
                if (result.MessageType == WebSocketMessageType.Close || result.Count > 0)
                {
                    return result.Count;
                }
            }
        }
        catch (WebSocketException)
        {
            return 0;
        }
    }

    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await socket.SendAsync(data, WebSocketMessageType.Binary, endOfMessage: true, ct);
            return true;
        }
        catch (Exception gone) when (gone is WebSocketException or IOException)
        {
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    public Task<bool> WriteFrameAsync(byte stream, ReadOnlyMemory<byte> data, CancellationToken ct) => WriteAsync(data, ct);

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
        }
        catch (Exception gone) when (gone is WebSocketException or IOException)
        {
            return; // It went first.
        }
        finally
        {
            socket.Dispose();
            _turn.Dispose();
            await connection.DisposeAsync();
        }
    }

    private sealed class ConnectionStream(HijackedConnection connection) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => await connection.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!await connection.WriteAsync(buffer, cancellationToken))
            {
                throw new IOException("the client is gone");
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
            // Every write is sent.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
