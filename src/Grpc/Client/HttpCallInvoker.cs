using System.Diagnostics.CodeAnalysis;
using Grpc.Core;

namespace Grpc.Net.Client;

/// <summary>Starts calls on a channel. The channel's address is the authority; another host per call is refused.</summary>
internal sealed class HttpCallInvoker(GrpcChannel channel) : CallInvoker
{
    [SuppressMessage("Usage", "VSTHRD002", Justification = "Blocking is what this method is for; nothing below captures a context.")]
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using AsyncUnaryCall<TResponse> call = AsyncUnaryCall(method, host, options, request);
        return call.ResponseAsync.GetAwaiter().GetResult();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        TypedCall<TRequest, TResponse> call = New(method, host, options);
        return new AsyncUnaryCall<TResponse>(call.SingleResponseAsync(call.Single(request)), call.Handle);
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        TypedCall<TRequest, TResponse> call = New(method, host, options);
        call.Open(call.Single(request));
        return new AsyncServerStreamingCall<TResponse>(call, call.Handle);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        TypedCall<TRequest, TResponse> call = New(method, host, options);
        ClientStreamWriter<TRequest> writer = call.Streamed(out HttpContent content);
        return new AsyncClientStreamingCall<TRequest, TResponse>(writer, call.SingleResponseAsync(content), call.Handle);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        TypedCall<TRequest, TResponse> call = New(method, host, options);
        ClientStreamWriter<TRequest> writer = call.Streamed(out HttpContent content);
        call.Open(content);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(writer, call, call.Handle);
    }

    private TypedCall<TRequest, TResponse> New<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
        where TRequest : class
        where TResponse : class => host is null
            ? new TypedCall<TRequest, TResponse>(channel, method, options)
            : throw new NotSupportedException("A host of its own for one call is not supported; make a channel for it.");
}
