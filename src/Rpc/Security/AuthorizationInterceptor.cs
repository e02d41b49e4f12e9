using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Skep.Rpc.Security;

/// <summary>Asks before every call whether the caller may make it, and remembers who it is for <see cref="CallerIdentity"/>; streams are watched as long as they last.</summary>
/// <remarks>
/// A stream is refused before its first message is read. The one message of a unary call is read before any interceptor runs, so the listener keeps
/// what a caller without certificate may send small.
/// </remarks>
public sealed class AuthorizationInterceptor(CallAuthority authority, OpenStreams streams) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await AuthorizeAsync(context).ConfigureAwait(false);
        return await continuation(request, context).ConfigureAwait(false);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AuthorizeAsync(context).ConfigureAwait(false);
        using IDisposable watched = streams.Watch(context.Method, context.CallerOrNull(), context.GetHttpContext());
        return await continuation(requestStream, context).ConfigureAwait(false);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AuthorizeAsync(context).ConfigureAwait(false);
        using IDisposable watched = streams.Watch(context.Method, context.CallerOrNull(), context.GetHttpContext());
        await continuation(request, responseStream, context).ConfigureAwait(false);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AuthorizeAsync(context).ConfigureAwait(false);
        using IDisposable watched = streams.Watch(context.Method, context.CallerOrNull(), context.GetHttpContext());
        await continuation(requestStream, responseStream, context).ConfigureAwait(false);
    }

    private static PeerIdentity? CallerOf(ServerCallContext context)
        => context.GetHttpContext().Connection.ClientCertificate is { } certificate ? PeerIdentity.Read(certificate) : null;

    private async ValueTask AuthorizeAsync(ServerCallContext context)
    {
        PeerIdentity? caller = CallerOf(context);
        if (await authority.RefusalAsync(context.Method, caller, context.CancellationToken).ConfigureAwait(false) is { } refusal)
        {
            throw refusal;
        }

        context.Remember(caller);
    }
}
