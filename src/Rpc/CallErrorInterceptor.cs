using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;
using Skep.Model;

namespace Skep.Rpc;

/// <summary>The edge of our services: what a handler throws becomes a status, and is logged here or nowhere.</summary>
/// <remarks>
/// <see cref="ClusterException"/> by its kind's number. A caller who hung up, or a node that stops, is everyday: Debug. Anything else is logged once with its stack,
/// and the caller gets one line without its text. Outbound calls made meanwhile carry the deadline of this one (<see cref="CallDeadline"/>).
/// </remarks>
public sealed class CallErrorInterceptor(ILogger<CallErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            CallDeadline.Enter(context.Deadline);
            return await continuation(request, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw await StatusOfAsync(e, context).ConfigureAwait(false);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            CallDeadline.Enter(context.Deadline);
            return await continuation(requestStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw await StatusOfAsync(e, context).ConfigureAwait(false);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            CallDeadline.Enter(context.Deadline);
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw await StatusOfAsync(e, context).ConfigureAwait(false);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            CallDeadline.Enter(context.Deadline);
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not RpcException)
        {
            throw await StatusOfAsync(e, context).ConfigureAwait(false);
        }
    }

    private async Task<RpcException> StatusOfAsync(Exception error, ServerCallContext context)
    {
        if (error is ClusterException { Kind: not ErrorKind.Internal } refused)
        {
            logger.CallRefused(context.Method, refused.Message);
            return refused.ToRpc();
        }

        if (await HangUps.IsHangUpAsync(error, context.CancellationToken).ConfigureAwait(false))
        {
            logger.CallerHungUp(context.Method, error.Message);
            return new RpcException(new Status(StatusCode.Cancelled, "the caller hung up"));
        }

        if (error is OperationCanceledException)
        {
            logger.CallStopped(context.Method);
            return new RpcException(new Status(StatusCode.Unavailable, "this node is stopping"));
        }

        logger.CallFailed(error, context.Method);
        return error is ClusterException said ? said.ToRpc() : new RpcException(new Status(StatusCode.Internal, $"{context.Method} failed; the log of the node that was asked says why"));
    }
}
