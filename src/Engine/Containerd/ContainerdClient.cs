using Grpc.Core;
using Grpc.Core.Interceptors;
using Skep.Rpc;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine.Containerd;

/// <summary>The clients of containerd's services, in one namespace, optionally under a lease.</summary>
internal sealed class ContainerdClient : IDisposable
{
    /// <summary>Of a unary call: longer than containerd takes to delete a large image, short enough that a containerd that hangs is noticed.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromMinutes(5);

    private readonly ContainerdChannels _channels;
    private readonly ContainerdHeaders _headers;
    private readonly CallDeadline _limit;
    private readonly bool _isOwner;

    private ContainerdClient(ContainerdChannels channels, ContainerdHeaders headers, CallDeadline limit, bool isOwner)
    {
        _channels = channels;
        _headers = headers;
        _limit = limit;
        _isOwner = isOwner;
        CallInvoker unlimited = channels.Repeated.Intercept(headers), invoker = unlimited.Intercept(limit);
        Containers = new(invoker);
        Tasks = new(invoker);
        TasksOnce = new(channels.Once.Intercept(headers).Intercept(limit));
        Images = new(invoker);
        Content = new(invoker);
        Snapshots = new(invoker);
        Diff = new(unlimited); // A layer takes as long as it takes to unpack.
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
        var channels = new ContainerdChannels(socketPath, patience);
        return new ContainerdClient(channels, new ContainerdHeaders(containerdNamespace, lease: null), new CallDeadline(CallLimit, time), isOwner: true);
    }

    /// <summary>The same clients; what they make is held by the lease. Shares the connection of this one.</summary>
    public ContainerdClient Under(string leaseId) => new(_channels, _headers.Under(leaseId), _limit, isOwner: false);

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

    public void Dispose()
    {
        if (_isOwner)
        {
            _channels.Dispose();
        }
    }
}
