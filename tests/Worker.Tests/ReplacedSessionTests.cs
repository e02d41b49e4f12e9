using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Rpc.Security;
using Skep.Testing;
using Skep.Worker.Agent;

namespace Skep.Worker.Tests;

/// <summary>An agent whose session another machine took over under the same certificate.</summary>
public sealed class ReplacedSessionTests
{
    private static readonly CancellationToken Limit = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task It_does_not_take_the_session_back_at_once()
    {
        var time = new ManualTimeProvider();
        var manager = new Ending(time, new RpcException(new Status(StatusCode.AlreadyExists, "node n began another session with this manager")));
        var session = new ManagerSession(
            new Membership(new NodeId("n"), new ClusterId("c"), ["m:2377"], "", ""), manager, new NodeDescription("n", new Platform("x86_64", "linux"), new Resources(1, 1)),
            new AssignmentSet(), new ReportOutbox(), time, new Random(1), NullLogger.Instance)
        {
            OnAssigned = _ => Task.CompletedTask,
            OnClusterInfo = (_, _) => { },
        };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Limit);
        Task running = session.RunAsync(stop.Token);

        DateTimeOffset first = await manager.Calls.ReadAsync(Limit);
        DateTimeOffset second;
        while (!manager.Calls.TryRead(out second))
        {
            Limit.ThrowIfCancellationRequested();
            Assert.False(running.IsCompleted, running.Exception?.ToString());
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.InRange(second - first, TimeSpan.FromSeconds(15), TimeSpan.MaxValue);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>A manager whose sessions all end with the same error.</summary>
    private sealed class Ending(TimeProvider time, RpcException end) : CallInvoker, INodeChannels
    {
        private readonly Channel<DateTimeOffset> _calls = Channel.CreateUnbounded<DateTimeOffset>();

        public ChannelReader<DateTimeOffset> Calls => _calls.Reader;

        public CallInvoker To(string address, Callee callee) => this;

        public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options)
        {
            _calls.Writer.TryWrite(time.GetUtcNow());
            return new AsyncDuplexStreamingCall<TRequest, TResponse>(
                new Taking<TRequest>(), new Failing<TResponse>(end), Task.FromResult(Metadata.Empty), () => end.Status, static () => Metadata.Empty, static () => { });
        }

        public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw end;

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw end;

        public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw end;

        public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options) => throw end;
    }

    private sealed class Taking<T> : IClientStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(T message) => Task.CompletedTask;

        public Task WriteAsync(T message, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class Failing<T>(RpcException end) : IAsyncStreamReader<T>
    {
        public T Current => throw end;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromException<bool>(end);
    }
}
