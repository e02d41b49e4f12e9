using Microsoft.Extensions.Logging;
using Skep.Overlay;
using Skep.Worker.Local;
using Skep.Worker.PeerServices;

namespace Skep.Worker.Agent;

/// <summary>What a node does: runs the tasks it is assigned, and tells what became of them.</summary>
/// <remarks>
/// <see cref="OpenAsync"/> gives the part that needs no cluster (<see cref="Local"/>); <see cref="RunAsync"/> is the life of a member.
/// Disposing or cancelling stops no container: the next agent under the same options takes them over.
/// </remarks>
public sealed class WorkerAgent : IAsyncDisposable
{
    /// <summary>Connects to containerd, recovers logs, finds what runs.</summary>
    /// <param name="network">Null: only host and none networks (tasks that need more are rejected).</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: containerd does not answer.</exception>
    public static Task<WorkerAgent> OpenAsync(WorkerOptions options, NodeNetwork? network, TimeProvider time, Random random, IdSource ids, ILoggerFactory loggers, CancellationToken ct)
        => throw new NotImplementedException();

    /// <summary>Containers, images and volumes of this node.</summary>
    public LocalNode Local => throw new NotImplementedException();

    /// <summary>To be mapped on the node's gRPC listener: images for other nodes.</summary>
    public PeerImagesService PeerImages => throw new NotImplementedException();

    /// <summary>To be mapped on the node's gRPC listener: logs of this node's tasks, for managers.</summary>
    public NodeLogsService NodeLogs => throw new NotImplementedException();

    /// <summary>Starts what was last assigned, keeps a session with a manager, applies assignments. Ends only when cancelled; containers go on.</summary>
    /// <param name="news">Called with what each manager says of the cluster; in order.</param>
    public Task RunAsync(Membership membership, INodeChannels channels, Action<ClusterNews> news, CancellationToken ct) => throw new NotImplementedException();

    /// <summary>The node leaves its cluster: stops and removes all its tasks and forgets its assignments. Volumes and images stay. Not while <see cref="RunAsync"/> runs.</summary>
    public Task LeaveAsync(CancellationToken ct) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
