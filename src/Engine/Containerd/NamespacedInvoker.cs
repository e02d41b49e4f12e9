using Grpc.Core;
using Polly;

namespace Skep.Engine.Containerd;

/// <summary>Adds containerd's headers to every call, and asks again while the daemon is away.</summary>
/// <remarks>Unary calls only are repeated: nearly all we make are safe to repeat, since a repeated create answers ALREADY_EXISTS and a repeated delete NOT_FOUND.</remarks>
internal sealed class NamespacedInvoker(CallInvoker inner, string containerdNamespace, string? lease, ResiliencePipeline retry) : CallInvoker
{
    public NamespacedInvoker Under(string leaseId) => new(inner, containerdNamespace, leaseId, retry);

    /// <summary>For the calls that are not.</summary>
    public NamespacedInvoker Once() => new(inner, containerdNamespace, lease, ResiliencePipeline.Empty);

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.BlockingUnaryCall(method, host, Marked(options), request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        CallOptions marked = Marked(options);
        Task<TResponse> answer = retry.ExecuteAsync(
            static async (state, _) =>
            {
                using AsyncUnaryCall<TResponse> call = state.inner.AsyncUnaryCall(state.method, state.host, state.marked, state.request);
                return await call.ResponseAsync;
            },
            (inner, method, host, marked, request),
            options.CancellationToken).AsTask();
        return new AsyncUnaryCall<TResponse>(answer, Task.FromResult(Metadata.Empty), () => Status.DefaultSuccess, () => Metadata.Empty, static () => { });
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.AsyncServerStreamingCall(method, host, Marked(options), request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
        => inner.AsyncClientStreamingCall(method, host, Marked(options));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
        => inner.AsyncDuplexStreamingCall(method, host, Marked(options));

    private CallOptions Marked(CallOptions options)
    {
        var headers = new Metadata { { "containerd-namespace", containerdNamespace } };
        if (lease is not null)
        {
            headers.Add("containerd-lease", lease);
        }

        return options.WithHeaders(headers);
    }
}
