using Google.Protobuf;
using Grpc.Core;
using Skep.Manager.Control;
using Skep.Rpc;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Relay;

/// <summary>Connections to other nodes' Engine APIs through their gRPC listeners.</summary>
internal sealed class NodeTunnels(NodeChannels channels) : INodeTunnels
{
    public NodeTunnel Open(Node node)
    {
        if (node.Description is not { } description)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"node {node.Id} has not described itself yet");
        }

        if (node.IsDown)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"node {description.Hostname} is down");
        }

        var scope = new CancellationTokenSource();
        return new GrpcTunnel(new V1.NodeEngine.NodeEngineClient(channels.To(description.PeerAddress, Callee.Member(node.Id))).Connect(cancellationToken: scope.Token), scope, description.Hostname);
    }

    private sealed class GrpcTunnel(AsyncDuplexStreamingCall<V1.EngineBytes, V1.EngineBytes> call, CancellationTokenSource scope, string hostname) : NodeTunnel
    {
        private ReadOnlyMemory<byte> _left;
        private volatile bool _isDisposed;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                while (_left.IsEmpty)
                {
                    if (!await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
                    {
                        return 0;
                    }

                    _left = call.ResponseStream.Current.Data.Memory;
                }
            }
            catch (Exception e) when (e is RpcException or ObjectDisposedException)
            {
                throw Broken(e);
            }

            int count = Math.Min(_left.Length, buffer.Length);
            _left[..count].CopyTo(buffer);
            _left = _left[count..];
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                // Copied: the caller uses its buffer again, and a message may be sent after this returns. What nobody takes any more ends with the tunnel.
                await call.RequestStream.WriteAsync(new V1.EngineBytes { Data = ByteString.CopyFrom(buffer.Span) }, scope.Token).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (RequestStreams.IsEndOfCall(e) && !_isDisposed)
            {
                throw Broken(await call.ReasonAsync(e, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (e is RpcException or ObjectDisposedException)
            {
                throw Broken(e);
            }
        }

        public override async Task CompleteWritesAsync()
        {
            try
            {
                await call.RequestStream.CompleteAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or ObjectDisposedException)
            {
                throw Broken(e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing && !_isDisposed)
            {
                _isDisposed = true;
                scope.Cancel();
                call.Dispose();
                scope.Dispose();
            }

            base.Dispose(disposing);
        }

        private IOException Broken(Exception e) => new($"node {hostname}: {(e is RpcException rpc && !_isDisposed ? rpc.ToCluster().Message : "the connection was closed")}", e);
    }
}
