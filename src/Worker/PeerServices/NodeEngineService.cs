using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using Skep.Rpc.V1;

namespace Skep.Worker.PeerServices;

/// <summary>Joins a manager's stream with a connection to this node's own Engine API, where it serves what may be relayed.</summary>
/// <remarks>Bytes only: what works on the spot, attached terminals too, works the same from afar. ADR 0012.</remarks>
public sealed class NodeEngineService : NodeEngine.NodeEngineBase
{
    private const int ChunkBytes = 64 * 1024;
    private readonly string _socket;

    internal NodeEngineService(string socket) => _socket = socket;

    public override async Task Connect(IAsyncStreamReader<EngineBytes> requestStream, IServerStreamWriter<EngineBytes> responseStream, ServerCallContext context)
    {
        if (_socket.Length == 0)
        {
            throw new ClusterException(ErrorKind.Unavailable, "this node relays nothing");
        }

        using var scope = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), scope.Token);
        }
        catch (SocketException e)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"the Engine API of this node does not answer: {e.Message}", e);
        }

        Task sending = SendAsync(requestStream, socket, scope.Token);
        try
        {
            byte[] buffer = new byte[ChunkBytes];
            while (await socket.ReceiveAsync(buffer, scope.Token) is int count && count > 0)
            {
                await responseStream.WriteAsync(new EngineBytes { Data = ByteString.CopyFrom(buffer, 0, count) }, scope.Token);
            }
        }
        catch (SocketException e)
        {
            throw new ClusterException(ErrorKind.Unavailable, e.Message, e);
        }
        finally
        {
            await scope.CancelAsync();
            await sending.SuppressThrowingAsync();
        }
    }

    private static async Task SendAsync(IAsyncStreamReader<EngineBytes> requests, Socket socket, CancellationToken ct)
    {
        while (await requests.MoveNext(ct))
        {
            ReadOnlyMemory<byte> data = requests.Current.Data.Memory;
            while (!data.IsEmpty)
            {
                data = data[await socket.SendAsync(data, SocketFlags.None, ct)..];
            }
        }

        socket.Shutdown(SocketShutdown.Send);
    }
}
