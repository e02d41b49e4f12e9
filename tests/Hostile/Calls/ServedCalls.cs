using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Skep.Model;
using V1 = Skep.Rpc.V1;

namespace Skep.Hostile.Calls;

/// <summary>All methods that a node serves to others, each callable with an empty message, behind the real edge and before handlers that do nothing.</summary>
internal static class ServedCalls
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] b) => b, static b => b);

    /// <summary>From the descriptors: a new method is in here by itself.</summary>
    public static IReadOnlyList<MethodDescriptor> All { get; } =
    [
        .. new[] { typeof(V1.Raft).Assembly, typeof(Grpc.Health.V1.Health).Assembly }
            .SelectMany(a => a.GetTypes())
            .Select(t => t.GetProperty("Descriptor", System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Static)?.GetValue(null))
            .OfType<ServiceDescriptor>()
            .Where(s => !s.FullName.StartsWith("containerd.", StringComparison.Ordinal))
            .SelectMany(s => s.Methods)
            .OrderBy(m => m.Service.FullName, StringComparer.Ordinal).ThenBy(m => m.Name, StringComparer.Ordinal),
    ];

    /// <summary>The services of that role, as its listener maps them.</summary>
    public static void Map(WebApplication app, NodeRole role)
    {
        app.MapGrpcService<HealthStub>();
        app.MapGrpcService<ImagesStub>();
        app.MapGrpcService<LogsStub>();
        app.MapGrpcService<EngineStub>();
        if (role == NodeRole.Manager)
        {
            app.MapGrpcService<AuthorityStub>();
            app.MapGrpcService<RaftStub>();
            app.MapGrpcService<LivenessStub>();
            app.MapGrpcService<DispatchStub>();
        }
    }

    /// <returns>The status the caller got; a handler that was reached answers Unimplemented without a word, a service that is not there says so.</returns>
    /// <param name="message">Of a unary call, or the only one of a stream; null: an empty one, and none.</param>
    public static async Task<Status> CallAsync(CallInvoker calls, MethodDescriptor method, byte[]? message = null)
    {
        var limit = new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience);
        try
        {
            var raw = new Method<byte[], byte[]>(TypeOf(method), method.Service.FullName, method.Name, Bytes, Bytes);
            switch (raw.Type)
            {
                case MethodType.Unary:
                    await calls.AsyncUnaryCall(raw, null, limit, message ?? []);
                    break;
                case MethodType.ServerStreaming:
                    await calls.AsyncServerStreamingCall(raw, null, limit, message ?? []).ResponseStream.MoveNext(CancellationToken.None);
                    break;
                case MethodType.ClientStreaming:
                    using (AsyncClientStreamingCall<byte[], byte[]> call = calls.AsyncClientStreamingCall(raw, null, limit))
                    {
                        await SayAsync(call.RequestStream, message);
                        await call.ResponseAsync;
                    }

                    break;
                case MethodType.DuplexStreaming:
                    using (AsyncDuplexStreamingCall<byte[], byte[]> call = calls.AsyncDuplexStreamingCall(raw, null, limit))
                    {
                        await SayAsync(call.RequestStream, message);
                        await call.ResponseStream.MoveNext(CancellationToken.None);
                    }

                    break;
            }

            return Status.DefaultSuccess;
        }
        catch (RpcException e)
        {
            return e.Status;
        }
    }

    private static async Task SayAsync(IClientStreamWriter<byte[]> stream, byte[]? message)
    {
        if (message is null)
        {
            return;
        }

        try
        {
            // A write that waits for the other side may outlive its call (Skep.Rpc.RequestStreams).
            using var limit = new CancellationTokenSource(Patience);
            await stream.WriteAsync(message, limit.Token);
            await stream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            // Ended already; the answer says why.
        }
    }

    private static MethodType TypeOf(MethodDescriptor method) => (method.IsClientStreaming, method.IsServerStreaming) switch
    {
        (false, false) => MethodType.Unary,
        (false, true) => MethodType.ServerStreaming,
        (true, false) => MethodType.ClientStreaming,
        (true, true) => MethodType.DuplexStreaming,
    };

    private sealed class HealthStub : Grpc.Health.V1.Health.HealthBase;

    private sealed class ImagesStub : V1.PeerImages.PeerImagesBase;

    private sealed class LogsStub : V1.NodeLogs.NodeLogsBase;

    private sealed class EngineStub : V1.NodeEngine.NodeEngineBase;

    private sealed class AuthorityStub : V1.CertificateAuthority.CertificateAuthorityBase;

    private sealed class RaftStub : V1.Raft.RaftBase;

    private sealed class LivenessStub : V1.Liveness.LivenessBase;

    private sealed class DispatchStub : V1.Dispatch.DispatchBase;
}
