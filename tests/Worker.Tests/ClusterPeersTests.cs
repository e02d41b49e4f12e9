using Grpc.Core;
using Skep.Engine.Images;
using Skep.Rpc.Security;
using Skep.Rpc.V1;
using Skep.Worker.Agent;
using Skep.Worker.PeerServices;

namespace Skep.Worker.Tests;

/// <summary>Other nodes may lie about what they have; a liar is no source.</summary>
public sealed class ClusterPeersTests
{
    private static readonly string Pinned = $"sha256:{new string('a', 64)}", Other = $"sha256:{new string('b', 64)}";

    [Fact]
    public async Task An_image_asked_for_by_its_digest_is_taken_from_no_peer_that_gives_another()
    {
        var peers = new ClusterPeers(TimeProvider.System);
        peers.Update([Node("liar:1")], _ => true, new Peers(("liar:1", Other)));

        Assert.Null(await peers.FindAsync(ImageReference.Parse($"registry.example.com/bank/app@{Pinned}"), [], CancellationToken.None));

        peers.Update([Node("liar:1"), Node("honest:1")], _ => true, new Peers(("liar:1", Other), ("honest:1", Pinned)));
        IImageSource? found = await peers.FindAsync(ImageReference.Parse($"registry.example.com/bank/app@{Pinned}"), [], CancellationToken.None);
        Assert.Equal(Pinned, (await found!.ResolveAsync(CancellationToken.None)).Digest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:short")]
    [InlineData("../../etc/passwd")]
    public async Task A_digest_that_is_none_is_no_answer(string digest)
    {
        var peers = new ClusterPeers(TimeProvider.System);
        peers.Update([Node("liar:1")], _ => true, new Peers(("liar:1", digest)));

        Assert.Null(await peers.FindAsync(ImageReference.Parse("app:1"), [], CancellationToken.None));
    }

    [Fact]
    public async Task One_bad_address_does_not_keep_the_others_from_being_asked()
    {
        var peers = new ClusterPeers(TimeProvider.System);
        peers.Update([Node("bad host:xx"), Node("honest:1")], _ => true, new Peers(("honest:1", Other)));

        Assert.NotNull(await peers.FindAsync(ImageReference.Parse("app:1"), [], CancellationToken.None));
    }

    [Fact]
    public async Task What_a_name_stands_for_is_asked_of_managers_only()
    {
        var peers = new ClusterPeers(TimeProvider.System);
        peers.Update([Node("worker:1"), Node("manager:1")], n => n.Value == "manager:1", new Peers(("worker:1", Other), ("manager:1", Pinned)));
        Assert.Equal(Pinned, (await (await peers.FindAsync(ImageReference.Parse("app:1"), [], CancellationToken.None))!.ResolveAsync(CancellationToken.None)).Digest);

        peers.Update([Node("worker:1")], _ => false, new Peers(("worker:1", Other)));
        Assert.Null(await peers.FindAsync(ImageReference.Parse("app:1"), [], CancellationToken.None));
        Assert.NotNull(await peers.FindAsync(ImageReference.Parse($"app@{Other}"), [], CancellationToken.None));
    }

    private static ImagePeer Node(string address) => new(new NodeId(address), address);

    private sealed class Peers(params (string Address, string Digest)[] known) : INodeChannels
    {
        public CallInvoker To(string address, Callee callee) => new Answering(known.Where(k => k.Address == address).Select(k => k.Digest).FirstOrDefault() ?? throw new UriFormatException(address));
    }

    private sealed class Answering(string digest) : CallInvoker
    {
        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
            => new((Task<TResponse>)(object)Task.FromResult(new ResolveImageResponse { Digest = digest }), Task.FromResult(Metadata.Empty), static () => Status.DefaultSuccess, static () => Metadata.Empty, static () => { });

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();
    }
}
