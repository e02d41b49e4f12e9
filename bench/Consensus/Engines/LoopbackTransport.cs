using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Skep.Raft;

namespace Skep.Bench.Consensus.Engines;

/// <summary>RaftNode's messages over one TCP connection to each peer, in plain text as the other engine's.</summary>
internal sealed class LoopbackTransport(int port) : IRaftTransport
{
    private const int BatchBytes = 1 << 20;
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<ulong, ChannelWriter<ImmutableArray<Message>>> _peers = [];
    private RaftNode? _node;

    public void Send(RaftMember to, ImmutableArray<Message> messages)
    {
        if (!_peers.GetOrAdd(to.Id, static (_, peer) => peer.Transport.StartSending(peer.Member), (Transport: this, Member: to)).TryWrite(messages))
        {
            _node?.ReportUnreachable(to.Id);
        }
    }

    public async Task SendSnapshotAsync(RaftMember to, Message snapshotMessage, Stream data, CancellationToken ct)
    {
        using TcpClient client = await ConnectAsync(to, ct);
        NetworkStream stream = client.GetStream();
        var frame = new ArrayBufferWriter<byte>();
        PeerFrame.Write(frame, new ArrayBufferWriter<byte>(), snapshotMessage);
        await stream.WriteAsync(frame.WrittenMemory, ct);
        await data.CopyToAsync(stream, ct);
        client.Client.Shutdown(SocketShutdown.Send);
        await stream.ReadExactlyAsync(new byte[1], ct); // It has taken all of it.
    }

    public void MembershipChanged(Membership members)
    {
        // The three stay.
    }

    /// <summary>Takes what peers send.</summary>
    public async Task ServeAsync(RaftNode node, CancellationToken ct)
    {
        _node = node;
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        while (true)
        {
            TcpClient client = await listener.AcceptTcpClientAsync(ct);
            client.NoDelay = true;
            _ = Task.Run(() => ReceiveAsync(node, client, ct), ct);
        }
    }

    private static async Task ReceiveAsync(RaftNode node, TcpClient client, CancellationToken ct)
    {
        using (client)
        {
            try
            {
                await using var stream = new BufferedStream(client.GetStream(), 64 << 10);
                byte[] head = PeerFrame.NewHead();
                while (await PeerFrame.ReadAsync(stream, head, ct) is { } message)
                {
                    if (message.Kind != MessageKind.Snapshot)
                    {
                        node.Receive(message);
                        continue;
                    }

                    await node.ReceiveSnapshotAsync(message, stream, ct);
                    await client.GetStream().WriteAsync(new byte[1], ct);
                    return;
                }
            }
            catch (Exception e) when (e is IOException or RaftUnavailableException)
            {
                await Console.Error.WriteLineAsync($"a peer's connection ended: {e.Message}");
            }
        }
    }

    private static async Task<TcpClient> ConnectAsync(RaftMember to, CancellationToken ct)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(IPEndPoint.Parse(to.Address), ct);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private ChannelWriter<ImmutableArray<Message>> StartSending(RaftMember to)
    {
        // Full means the peer is far behind; Raft repeats what is dropped.
        var queue = Channel.CreateBounded<ImmutableArray<Message>>(new BoundedChannelOptions(1024) { SingleReader = true });
        _ = Task.Run(() => SendAsync(to, queue.Reader));
        return queue.Writer;
    }

    private async Task SendAsync(RaftMember to, ChannelReader<ImmutableArray<Message>> queue)
    {
        var batch = new ArrayBufferWriter<byte>(64 << 10);
        var scratch = new ArrayBufferWriter<byte>(64 << 10);
        while (true)
        {
            try
            {
                using TcpClient client = await ConnectAsync(to, CancellationToken.None);
                NetworkStream stream = client.GetStream();
                while (await queue.WaitToReadAsync())
                {
                    batch.ResetWrittenCount();
                    while (batch.WrittenCount < BatchBytes && queue.TryRead(out ImmutableArray<Message> messages))
                    {
                        foreach (Message message in messages)
                        {
                            PeerFrame.Write(batch, scratch, message);
                        }
                    }

                    await stream.WriteAsync(batch.WrittenMemory);
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                _node?.ReportUnreachable(to.Id);
                while (queue.TryRead(out _))
                {
                    // What gathered for a peer that cannot be reached is stale by the time it can.
                }

                await Task.Delay(ReconnectDelay);
            }
        }
    }
}
