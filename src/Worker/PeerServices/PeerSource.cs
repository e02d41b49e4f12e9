using Grpc.Core;
using Skep.Engine.Images;
using Skep.Rpc.Security;
using Skep.Rpc.V1;
using Skep.Worker.Agent;

namespace Skep.Worker.PeerServices;

/// <summary>The other nodes that are up, asked all at once: any of them for what a digest names, only managers for what a name stands for.</summary>
/// <remarks>Whoever says what a name stands for decides what runs. A worker that lies would choose the code of every node that has not pulled the image yet.</remarks>
internal sealed class ClusterPeers(TimeProvider time) : IPeerImageSource
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    /// <summary>More are not asked: an image most nodes lack is fetched once per group of this many.</summary>
    private const int AskedAtATime = 32;

    private volatile Peers _peers = new([], _ => false, null);

    /// <summary>Replaces the nodes to ask.</summary>
    /// <param name="isManager">Asked each time: roles change more often than nodes.</param>
    public void Update(IReadOnlyList<ImagePeer> nodes, Func<NodeId, bool> isManager, INodeChannels? channels) => _peers = new Peers(nodes, isManager, channels);

    public async Task<IImageSource?> FindAsync(ImageReference reference, IReadOnlyCollection<string> except, CancellationToken ct)
    {
        Peers peers = _peers;
        if (peers.Channels is null || peers.Nodes.Count == 0)
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var timer = new CancellationTokenSource(AnswerWithin, time);
        await using CancellationTokenRegistration linked = timer.Token.Register(static scope => ((CancellationTokenSource)scope!).Cancel(), limit);
        List<Task<IImageSource?>> asked = [.. peers.Nodes.Where(n => (reference.Digest is not null || peers.IsManager(n.Id)) && !except.Contains(PeerSource.Describe(n.Address))).Take(AskedAtATime).Select(n => AskAsync(n, peers.Channels, reference, limit.Token))];
        IImageSource? found = null;
        while (asked.Count > 0 && found is null)
        {
            Task<IImageSource?> answered = await Task.WhenAny(asked);
            asked.Remove(answered);
            found = await answered;
        }

        await limit.CancelAsync();
        await Task.WhenAll(asked);
        ct.ThrowIfCancellationRequested();
        return found;
    }

    private static async Task<IImageSource?> AskAsync(ImagePeer node, INodeChannels channels, ImageReference reference, CancellationToken ct)
    {
        try
        {
            var client = new PeerImages.PeerImagesClient(channels.To(node.Address, reference.Digest is null ? Callee.Manager(node.Id) : Callee.Member(node.Id)));
            ResolveImageResponse answer = await client.ResolveAsync(new ResolveImageRequest { Reference = reference.FullName }, cancellationToken: ct);
            if (!Digest.IsValid(answer.Digest) || (reference.Digest is { } pinned && answer.Digest != pinned))
            {
                return null; // What was asked for by its digest is that, whoever says otherwise.
            }

            return new PeerSource(client, node.Address, new Descriptor { MediaType = answer.MediaType, Digest = answer.Digest, Size = answer.Size });
        }
        catch (Exception e) when (e is RpcException or UriFormatException)
        {
            // Not there, not reachable, or an address that is none: another node or the registry will do.
            return null;
        }
    }

    private sealed record Peers(IReadOnlyList<ImagePeer> Nodes, Func<NodeId, bool> IsManager, INodeChannels? Channels);
}

/// <param name="Address">host:port of its gRPC listener.</param>
internal sealed record ImagePeer(NodeId Id, string Address);

/// <summary>An image another node has.</summary>
internal sealed class PeerSource(PeerImages.PeerImagesClient client, string address, Descriptor target) : IImageSource
{
    public string Description => Describe(address);

    public static string Describe(string address) => $"node at {address}";

    public Task<Descriptor> ResolveAsync(CancellationToken ct) => Task.FromResult(target);

    public Task<Stream> OpenAsync(Descriptor blob, long offset, CancellationToken ct)
        => Task.FromResult<Stream>(new ChunkStream(client.ReadBlob(new ReadBlobRequest { Digest = blob.Digest, Offset = offset }, cancellationToken: ct)));

    /// <summary>A stream of messages as a stream of bytes.</summary>
    private sealed class ChunkStream(AsyncServerStreamingCall<BlobChunk> call) : ReadStream
    {
        private ReadOnlyMemory<byte> _chunk;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                while (_chunk.IsEmpty)
                {
                    if (!await call.ResponseStream.MoveNext(cancellationToken))
                    {
                        return 0;
                    }

                    _chunk = call.ResponseStream.Current.Data.Memory;
                }
            }
            catch (RpcException e) when (e.StatusCode != StatusCode.Cancelled)
            {
                throw new IOException(e.Status.Detail, e);
            }
            catch (ObjectDisposedException e)
            {
                throw new IOException("the transfer was given up", e);
            }

            int count = Math.Min(buffer.Length, _chunk.Length);
            _chunk[..count].CopyTo(buffer);
            _chunk = _chunk[count..];
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                call.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
