using Grpc.Core;
using Skep.Host.Identity;
using Skep.Rpc.Security;
using Skep.Worker.Agent;

namespace Skep.Host.Node;

/// <summary>A manager whose key is sealed: it takes part in nothing, but what runs on it goes on, as on a node that reaches no manager.</summary>
internal sealed class LockedNode(StoredIdentity identity, NodeRecord record) : INodeChannels
{
    public StoredIdentity Identity => identity;

    public NodeRecord Record => record;

    public Task RunAsync(WorkerAgent agent, CancellationToken ct)
    {
        PeerIdentity self = identity.Self;
        return agent.RunAsync(
            new Membership(self.Node, self.Cluster, new[] { record.AdvertiseAddress }.Concat(record.Managers).Distinct(StringComparer.Ordinal).ToValueList(), record.AdvertiseAddress, record.DataPathAddress),
            this,
            _ => { },
            ct);
    }

    CallInvoker INodeChannels.To(string address, Callee callee) => new NoCalls();

    /// <summary>Without its key the node can show nobody who it is.</summary>
    private sealed class NoCalls : CallInvoker
    {
        private static RpcException Locked => new(new Status(StatusCode.Unavailable, "this manager is locked"));

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw Locked;

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw Locked;

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw Locked;

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw Locked;

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw Locked;
    }
}
