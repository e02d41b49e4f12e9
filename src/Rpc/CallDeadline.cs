using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Skep.Rpc;

/// <summary>Gives each unary call a deadline: its own, at most that of the call it is made for, else a default. Streams have none: they live by keep-alive.</summary>
/// <param name="limit">For calls that name none.</param>
public sealed class CallDeadline(TimeSpan limit, TimeProvider time) : Interceptor
{
    private static readonly AsyncLocal<DateTime?> OfIncoming = new();

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
        => continuation(request, Limited(context));

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        => continuation(request, Limited(context));

    /// <summary>Calls made from here on, in this flow, are on behalf of a call with that deadline. To be called in an async method: it is over at its end.</summary>
    internal static void Enter(DateTime deadline) => OfIncoming.Value = deadline == DateTime.MaxValue ? null : deadline;

    private ClientInterceptorContext<TRequest, TResponse> Limited<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        DateTime deadline = context.Options.Deadline ?? (time.GetUtcNow() + limit).UtcDateTime;
        return new ClientInterceptorContext<TRequest, TResponse>(
            context.Method, context.Host, context.Options.WithDeadline(OfIncoming.Value is { } incoming && incoming < deadline ? incoming : deadline));
    }
}
