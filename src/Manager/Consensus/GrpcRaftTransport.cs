using System.Buffers;
using System.Collections.Immutable;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Raft;
using Skep.Raft.Codec;
using Skep.Rpc;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Consensus;

/// <summary>Raft's messages over one long call per peer, and snapshots over a call of their own.</summary>
public sealed class GrpcRaftTransport(NodeChannels channels, TimeProvider time, ILogger<GrpcRaftTransport> logger) : IRaftTransport, IAsyncDisposable
{
    private const int ChunkBytes = 256 << 10, BatchBytes = 1 << 20, FirstBytes = 64 << 10;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(100);

    /// <summary>How long the last messages may take to be read before the call is given up.</summary>
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Peer> _peers = [];
    private readonly CancellationTokenSource _stopping = new();
    private RaftNode? _node;
    private bool _disposed;

    private sealed record Peer(RaftMember Member, Channel<ImmutableArray<Message>> Queue, CancellationTokenSource Stop, Task Sending);

    public void Attach(RaftNode node) => _node = node;

    public void Send(RaftMember to, ImmutableArray<Message> messages)
    {
        Peer? peer = PeerOf(to);
        if (peer is not null && !peer.Queue.Writer.TryWrite(messages))
        {
            _node?.ReportUnreachable(to.Id);
        }
    }

    public async Task SendSnapshotAsync(RaftMember to, Message snapshotMessage, Stream data, CancellationToken ct)
    {
        using AsyncClientStreamingCall<V1.SnapshotChunk, V1.SnapshotEnd> call = new V1.Raft.RaftClient(ChannelTo(to)).Snapshot(cancellationToken: ct);
        var first = new V1.SnapshotChunk { Message = ByteString.CopyFrom(MessageCodec.Encode(snapshotMessage)) };
        await call.SendAsync(first, ct).ConfigureAwait(false);
        byte[] buffer = new byte[ChunkBytes];
        for (int read; (read = await data.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0;)
        {
            await call.SendAsync(new V1.SnapshotChunk { Data = ByteString.CopyFrom(buffer, 0, read) }, ct).ConfigureAwait(false);
        }

        await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        await call.ResponseAsync.ConfigureAwait(false);
    }

    public void MembershipChanged(Membership members)
    {
        Peer[] gone;
        lock (_gate)
        {
            gone = [.. _peers.Values.Where(p => members.Find(p.Member.Id)?.Address != p.Member.Address)];
            foreach (Peer peer in gone)
            {
                _peers.Remove(peer.Member.Id);
            }
        }

        foreach (Peer peer in gone)
        {
            // What is queued may be the very news of the removal: let it out, then close.
            peer.Queue.Writer.TryComplete();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Peer[] peers;
        lock (_gate)
        {
            _disposed = true;
            peers = [.. _peers.Values];
            _peers.Clear();
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(peers.Select(p => p.Sending)).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private CallInvoker ChannelTo(RaftMember member) => channels.To(member.Address, Callee.Manager(new NodeId(member.NodeId)));

    private Peer? PeerOf(RaftMember to)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return null;
            }

            if (_peers.TryGetValue(to.Id, out Peer? known))
            {
                return known;
            }

            // Full means the peer is unreachable or far behind; Raft repeats what is dropped.
            var queue = Channel.CreateBounded<ImmutableArray<Message>>(new BoundedChannelOptions(1024) { SingleReader = true });
            CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            return _peers[to.Id] = new Peer(to, queue, stop, Task.Run(() => SendAsync(to, queue.Reader, stop), CancellationToken.None));
        }
    }

    private async Task SendAsync(RaftMember to, ChannelReader<ImmutableArray<Message>> queue, CancellationTokenSource stop)
    {
        using (stop)
        {
            CancellationToken ct = stop.Token;
            try
            {
                while (await queue.WaitToReadAsync(ct).ConfigureAwait(false))
                {
                    try
                    {
                        await StreamAsync(to, queue, ct).ConfigureAwait(false);
                    }
                    catch (Exception e) when (e is RpcException or IOException or InvalidOperationException or TimeoutException && !ct.IsCancellationRequested)
                    {
                        logger.RaftStreamBroke(to.Address, e.Message);
                        _node?.ReportUnreachable(to.Id);
                        // What gathered for a peer that cannot be reached is stale by the time it can.
                        while (queue.TryRead(out _))
                        {
                        }

                        await Task.Delay(ReconnectDelay, time, ct).ConfigureAwait(false);
                    }
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                // The node stops.
            }
            catch (RpcException) when (ct.IsCancellationRequested)
            {
                // The same, told by the call.
            }
        }
    }

    private async Task StreamAsync(RaftMember to, ChannelReader<ImmutableArray<Message>> queue, CancellationToken ct)
    {
        using AsyncClientStreamingCall<V1.RaftMessages, V1.RaftMessagesEnd> call = new V1.Raft.RaftClient(ChannelTo(to)).Messages(cancellationToken: ct);
        // Used again for each batch: once WriteAsync has returned the call has its own copy.
        var encoded = new ArrayBufferWriter<byte>(FirstBytes);
        while (await queue.WaitToReadAsync(ct).ConfigureAwait(false))
        {
            var batch = new V1.RaftMessages();
            encoded.ResetWrittenCount();
            while (encoded.WrittenCount < BatchBytes && queue.TryRead(out ImmutableArray<Message> messages))
            {
                foreach (Message message in messages)
                {
                    int start = encoded.WrittenCount;
                    MessageCodec.Write(encoded, message);
                    batch.Messages.Add(UnsafeByteOperations.UnsafeWrap(encoded.WrittenMemory[start..]));
                }
            }

            await call.SendAsync(batch, ct).ConfigureAwait(false);
            if (encoded.Capacity > 4 * BatchBytes)
            {
                encoded = new ArrayBufferWriter<byte>(FirstBytes); // One huge entry must not be paid for until the peer is gone.
            }
        }

        await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        // Disposed before the answer, the call is reset, and what the peer has not read yet is lost to it.
        await call.ResponseAsync.WaitAsync(CloseLimit, time, ct).ConfigureAwait(false);
    }
}
