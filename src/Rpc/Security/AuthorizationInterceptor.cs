using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Asks before every call whether the caller may make it, and remembers who it is for <see cref="CallerIdentity"/>.</summary>
/// <remarks>
/// A stream is refused before its first message is read. The one message of a unary call is read before any interceptor runs, so the listener keeps
/// what a caller without certificate may send small.
/// </remarks>
public sealed class AuthorizationInterceptor(IClusterMembers members) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Authorize(context);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Authorize(context);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Authorize(context);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Authorize(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Authorize(ServerCallContext context)
    {
        X509Certificate2? certificate = context.GetHttpContext().Connection.ClientCertificate;
        PeerIdentity? caller = certificate is null ? null : PeerIdentity.Read(certificate);
        if (Refusal(context.Method, caller) is { } refusal)
        {
            throw refusal;
        }

        context.Remember(caller);
    }

    private ClusterException? Refusal(string method, PeerIdentity? caller)
    {
        if (CallAudiences.Of(method) is not { } audience)
        {
            return new ClusterException(ErrorKind.PermissionDenied, $"nobody may call {method}");
        }

        if (caller is not null && (caller.Cluster != members.Cluster || members.IsRemoved(caller.Node)))
        {
            return new ClusterException(ErrorKind.PermissionDenied, $"node {caller.Node} is not part of this cluster");
        }

        return audience switch
        {
            CallAudience.Anyone => null,
            _ when caller is null => new ClusterException(ErrorKind.Unauthenticated, "a node certificate is required"),
            CallAudience.Managers when caller.Role != NodeRole.Manager => new ClusterException(ErrorKind.PermissionDenied, "a manager certificate is required"),
            _ => null,
        };
    }
}
