using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Polly;
using Polly.Retry;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>The clients of containerd's services, in one namespace, optionally under a lease.</summary>
internal sealed class ContainerdClient : IDisposable
{
    private readonly NamespacedInvoker _invoker;
    private readonly GrpcChannel? _channel;

    private ContainerdClient(NamespacedInvoker invoker, GrpcChannel? channel)
    {
        _invoker = invoker;
        _channel = channel;
        Containers = new(invoker);
        Tasks = new(invoker);
        TasksOnce = new(invoker.Once());
        Images = new(invoker);
        Content = new(invoker);
        Snapshots = new(invoker);
        Diff = new(invoker);
        Leases = new(invoker);
        Events = new(invoker);
        Namespaces = new(invoker);
        Version = new(invoker);
    }

    public Cd.Containers.ContainersClient Containers { get; }

    public Cd.Tasks.TasksClient Tasks { get; }

    /// <summary>As <see cref="Tasks"/>, but nothing is asked a second time when containerd goes away in the middle.</summary>
    public Cd.Tasks.TasksClient TasksOnce { get; }

    public Cd.Images.ImagesClient Images { get; }

    public Cd.Content.ContentClient Content { get; }

    public Cd.Snapshots.SnapshotsClient Snapshots { get; }

    public Cd.Diff.DiffClient Diff { get; }

    public Cd.Leases.LeasesClient Leases { get; }

    public Cd.Events.EventsClient Events { get; }

    public Cd.Namespaces.NamespacesClient Namespaces { get; }

    public Cd.Version.VersionClient Version { get; }

    /// <param name="patience">How long calls are repeated while nobody listens on the socket.</param>
    public static ContainerdClient Connect(string socketPath, string containerdNamespace, TimeSpan patience, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            // containerd allows some hundred streams on a connection; it takes no keep-alive pings.
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        GrpcChannel channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = 16 * 1024 * 1024,
        });
        ResiliencePipeline retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<RpcException>(e => e.StatusCode == StatusCode.Unavailable),
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(20),
                MaxDelay = TimeSpan.FromMilliseconds(500),
                MaxRetryAttempts = Math.Max(1, (int)(patience.TotalMilliseconds / 500) + 5),
            })
            .Build();
        return new ContainerdClient(new NamespacedInvoker(channel.CreateCallInvoker(), containerdNamespace, lease: null, retry), channel);
    }

    /// <summary>The same clients; what they make is held by the lease. Shares the connection of this one.</summary>
    public ContainerdClient Under(string leaseId) => new(_invoker.Under(leaseId), channel: null);

    public async Task EnsureNamespaceAsync(string name, CancellationToken ct)
    {
        try
        {
            await Namespaces.CreateAsync(new Cd.CreateNamespaceRequest { Namespace = new Cd.NamespaceInfo { Name = name } }, cancellationToken: ct);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return;
        }
    }

    public void Dispose() => _channel?.Dispose();
}
