using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Model;
using Skep.Rpc.Security;
using Skep.Rpc.V1;
using Skep.Testing;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Skep.Rpc.Tests.Calls;

/// <summary>The edge every node serves gRPC through: who may call, what errors become, what is logged, deadlines, health.</summary>
public sealed class NodeGrpcTests
{
    [Fact]
    public async Task Who_may_call_is_asked_before_every_call()
    {
        await using TestCluster cluster = await StartAsync();
        CallInvoker manager = cluster.As(cluster.Identity(NodeRole.Manager, "m")), worker = cluster.As(cluster.Identity(NodeRole.Worker, "w"));
        CallInvoker removed = cluster.As(cluster.Identity(NodeRole.Manager, "r")), nobody = cluster.AsNobody();
        cluster.Removed.Add(new NodeId("r"));

        Assert.Equal(StatusCode.OK, await VouchAsync(manager));
        Assert.Equal(StatusCode.PermissionDenied, await VouchAsync(worker));
        Assert.Equal(StatusCode.PermissionDenied, await VouchAsync(removed));
        Assert.Equal(StatusCode.Unauthenticated, await VouchAsync(nobody));

        Assert.Equal(StatusCode.OK, await CodeAsync(new CertificateAuthority.CertificateAuthorityClient(nobody).GetRootCertificateAsync(new GetRootCertificateRequest())));
        Assert.Equal(StatusCode.PermissionDenied, await CodeAsync(new CertificateAuthority.CertificateAuthorityClient(removed).GetRootCertificateAsync(new GetRootCertificateRequest())));
        Assert.Equal(StatusCode.OK, await CodeAsync(new PeerImages.PeerImagesClient(worker).ResolveAsync(new ResolveImageRequest { Reference = "node" })));
        using AsyncDuplexStreamingCall<EngineBytes, EngineBytes> tunnel = new NodeEngine.NodeEngineClient(worker).Connect();
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => tunnel.ResponseStream.MoveNext());
        Assert.Equal(new Status(StatusCode.PermissionDenied, "a manager certificate is required"), refused.Status);
    }

    [Fact]
    public async Task A_handler_knows_who_calls()
    {
        await using TestCluster cluster = await StartAsync();
        var client = new PeerImages.PeerImagesClient(cluster.As(cluster.Identity(NodeRole.Worker, "n7")));
        Assert.Equal("n7 Worker", (await client.ResolveAsync(new ResolveImageRequest { Reference = "node" })).Digest);
    }

    [Fact]
    public async Task A_caller_without_certificate_sends_little()
    {
        await using TestCluster cluster = await StartAsync();
        var request = new IssueRequest { SigningRequest = ByteString.CopyFrom(new byte[100 << 10]) };
        Assert.NotEqual(StatusCode.OK, await CodeAsync(new CertificateAuthority.CertificateAuthorityClient(cluster.AsNobody()).IssueAsync(request)));
        CallInvoker member = cluster.As(cluster.Identity(NodeRole.Worker, "w"));
        Assert.Equal(StatusCode.OK, await CodeAsync(new CertificateAuthority.CertificateAuthorityClient(member).IssueAsync(request)));
    }

    [Theory]
    [InlineData("missing", StatusCode.NotFound, "image x not found")]
    [InlineData("sequence", StatusCode.Unknown, "update out of sequence")]
    [InlineData("status", StatusCode.DataLoss, "as it is")]
    public async Task An_expected_error_has_its_status_and_no_stack(string what, StatusCode code, string detail)
    {
        await using TestCluster cluster = await StartAsync();
        var client = new PeerImages.PeerImagesClient(cluster.As(cluster.Identity(NodeRole.Worker, "w")));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await client.ResolveAsync(new ResolveImageRequest { Reference = what }));
        Assert.Equal((code, detail), (e.StatusCode, e.Status.Detail));
        Assert.DoesNotContain(cluster.Log.Lines, l => l.Level > LogLevel.Debug);
    }

    [Fact]
    public async Task An_unexpected_error_is_logged_once_and_told_in_one_line()
    {
        await using TestCluster cluster = await StartAsync();
        var client = new PeerImages.PeerImagesClient(cluster.As(cluster.Identity(NodeRole.Worker, "w")));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await client.ResolveAsync(new ResolveImageRequest { Reference = "bug" }));
        Assert.Equal(StatusCode.Internal, e.StatusCode);
        Assert.DoesNotContain("secret", e.Status.Detail, StringComparison.Ordinal);
        Assert.IsType<FormatException>(Assert.Single(cluster.Log.Lines, l => l.Level == LogLevel.Error).Error);
    }

    [Theory]
    [InlineData("reads")]
    [InlineData("writes")]
    [InlineData("waits")]
    public async Task A_caller_who_hangs_up_is_no_error(string meanwhile)
    {
        await using TestCluster cluster = await StartAsync();
        CallInvoker invoker = cluster.As(cluster.Identity(NodeRole.Manager, "m"));
        if (meanwhile == "reads")
        {
            using AsyncClientStreamingCall<RaftMessages, RaftMessagesEnd> call = new Rpc.V1.Raft.RaftClient(invoker).Messages();
            await call.RequestStream.WriteAsync(new RaftMessages());
            await cluster.Log.FindAsync("messages came");
        }
        else
        {
            using AsyncServerStreamingCall<BlobChunk> call = new PeerImages.PeerImagesClient(invoker).ReadBlob(new ReadBlobRequest { Digest = meanwhile });
            Assert.True(await call.ResponseStream.MoveNext());
        }

        Assert.Equal((LogLevel.Debug, null), await LevelAsync(cluster.Log, "hung up"));
        Assert.DoesNotContain(cluster.Log.Lines, l => l.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_unary_call_has_a_deadline_and_hands_it_on()
    {
        await using TestCluster cluster = await StartAsync();
        var client = new PeerImages.PeerImagesClient(cluster.As(cluster.Identity(NodeRole.Worker, "w")));
        ResolveImageResponse byDefault = await client.ResolveAsync(new ResolveImageRequest { Reference = "deadline" });
        Assert.InRange(byDefault.Size, 1000, (long)NodeChannels.DefaultDeadline.TotalMilliseconds);
        DateTime soon = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(9);
        ResolveImageResponse handedOn = await client.ResolveAsync(new ResolveImageRequest { Reference = "relay" }, deadline: soon);
        Assert.InRange(handedOn.Size, 1000, 9000);
        using AsyncServerStreamingCall<BlobChunk> stream = client.ReadBlob(new ReadBlobRequest { Digest = "deadline" });
        Assert.True(await stream.ResponseStream.MoveNext());
        Assert.Equal("none", stream.ResponseStream.Current.Data.ToStringUtf8());
    }

    [Fact]
    public async Task Health_is_told_to_members_only()
    {
        bool isReady = false, hasLeader = true;
        var health = new NodeHealth(() => isReady, () => hasLeader, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        Task running = health.RunAsync(stop.Token);
        await using TestCluster cluster = await TestCluster.StartAsync(s => s.AddSingleton(health.Service), app => app.MapGrpcService<Grpc.HealthCheck.HealthServiceImpl>());
        var member = new Health.HealthClient(cluster.As(cluster.Identity(NodeRole.Worker, "w")));
        Assert.Equal(ServingStatus.NotServing, (await member.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal(ServingStatus.Serving, (await member.CheckAsync(new HealthCheckRequest { Service = NodeHealth.Manager })).Status);
        using AsyncServerStreamingCall<HealthCheckResponse> watch = member.Watch(new HealthCheckRequest());
        Assert.True(await watch.ResponseStream.MoveNext());
        isReady = true;
        Assert.True(await watch.ResponseStream.MoveNext());
        Assert.Equal(ServingStatus.Serving, watch.ResponseStream.Current.Status);
        Assert.Equal(StatusCode.Unauthenticated, await CodeAsync(new Health.HealthClient(cluster.AsNobody()).CheckAsync(new HealthCheckRequest())));
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private static Task<TestCluster> StartAsync() => TestCluster.StartAsync(
        services => services.AddSingleton<LivenessProbe>().AddSingleton<CaProbe>().AddSingleton<ImagesProbe>().AddSingleton<EngineProbe>().AddSingleton<RaftProbe>(),
        app =>
        {
            app.MapGrpcService<LivenessProbe>();
            app.MapGrpcService<CaProbe>();
            app.MapGrpcService<ImagesProbe>();
            app.MapGrpcService<EngineProbe>();
            app.MapGrpcService<RaftProbe>();
        });

    private static Task<StatusCode> VouchAsync(CallInvoker invoker) => CodeAsync(new Liveness.LivenessClient(invoker).VouchAsync(new VouchRequest()));

    private static async Task<StatusCode> CodeAsync<T>(AsyncUnaryCall<T> call)
    {
        using (call)
        {
            try
            {
                await call;
                return StatusCode.OK;
            }
            catch (RpcException e)
            {
                return e.StatusCode;
            }
        }
    }

    private static async Task<(LogLevel Level, Exception? Error)> LevelAsync(RecordedLog log, string part)
    {
        RecordedLine line = await log.FindAsync(part);
        return (line.Level, line.Error);
    }

    private sealed class LivenessProbe : Liveness.LivenessBase
    {
        public override Task<VouchResponse> Vouch(VouchRequest request, ServerCallContext context) => Task.FromResult(new VouchResponse());
    }

    private sealed class CaProbe : CertificateAuthority.CertificateAuthorityBase
    {
        public override Task<GetRootCertificateResponse> GetRootCertificate(GetRootCertificateRequest request, ServerCallContext context) => Task.FromResult(new GetRootCertificateResponse());

        public override Task<IssueResponse> Issue(IssueRequest request, ServerCallContext context) => Task.FromResult(new IssueResponse());
    }

    private sealed class EngineProbe : NodeEngine.NodeEngineBase;

    private sealed class RaftProbe(ILogger<RaftProbe> logger) : Rpc.V1.Raft.RaftBase
    {
        public override async Task<RaftMessagesEnd> Messages(IAsyncStreamReader<RaftMessages> requestStream, ServerCallContext context)
        {
            await foreach (RaftMessages messages in requestStream.ReadAllAsync())
            {
#pragma warning disable CA1848, CA1873 // A test's own line.
                logger.LogDebug("messages came");
#pragma warning restore CA1848, CA1873
            }

            return new RaftMessagesEnd();
        }
    }

    private sealed class ImagesProbe : PeerImages.PeerImagesBase
    {
        public override async Task<ResolveImageResponse> Resolve(ResolveImageRequest request, ServerCallContext context) => request.Reference switch
        {
            "node" => new ResolveImageResponse { Digest = $"{context.Caller().Node} {context.Caller().Role}" },
            "missing" => throw ClusterException.NotFound("image", "x"),
            "sequence" => throw new ClusterException(ErrorKind.OutOfSequence, "update out of sequence"),
            "status" => throw new RpcException(new Status(StatusCode.DataLoss, "as it is")),
            "deadline" => new ResolveImageResponse { Size = (long)(context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).TotalMilliseconds },
            "relay" => new ResolveImageResponse { Size = await OutboundMillisecondsAsync() },
            _ => throw new FormatException("secret"),
        };

        public override async Task ReadBlob(ReadBlobRequest request, IServerStreamWriter<BlobChunk> responseStream, ServerCallContext context)
        {
            await responseStream.WriteAsync(new BlobChunk { Data = ByteString.CopyFromUtf8(context.Deadline == DateTime.MaxValue ? "none" : "some") });
            while (request.Digest == "writes")
            {
                await responseStream.WriteAsync(new BlobChunk { Data = ByteString.CopyFrom(new byte[1 << 20]) });
            }

            if (request.Digest == "waits")
            {
                await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
            }
        }

        /// <summary>The time a call has that is made now, without a wire.</summary>
        private static async Task<long> OutboundMillisecondsAsync()
        {
            var seen = new SeeingInvoker();
            await new Liveness.LivenessClient(Grpc.Core.Interceptors.CallInvokerExtensions.Intercept(seen, new CallDeadline(TimeSpan.FromMinutes(5), TimeProvider.System))).VouchAsync(new VouchRequest());
            return (long)(seen.Deadline!.Value - TimeProvider.System.GetUtcNow().UtcDateTime).TotalMilliseconds;
        }
    }

    private sealed class SeeingInvoker : CallInvoker
    {
        public DateTime? Deadline { get; private set; }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        {
            Deadline = options.Deadline;
            return new AsyncUnaryCall<TResponse>(Task.FromResult((TResponse)(object)new VouchResponse()), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();
    }
}
