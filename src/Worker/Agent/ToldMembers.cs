using Skep.Rpc.Security;

namespace Skep.Worker.Agent;

/// <summary>Who belongs to the cluster, as managers told this node: which nodes manage with each change of them, all others as peers.</summary>
/// <remarks>
/// Until a manager has told, nobody is known: nobody is served, and whoever has a manager's certificate of this cluster is asked. Only managers in force are
/// listened to, so what they tell is what the store says, at most a moment old.
/// </remarks>
public sealed class ToldMembers(TimeProvider time) : IClusterMembers
{
    /// <summary>How long news of a node that is not known yet is waited for: what makes a node call here comes to others in the same moment.</summary>
    private static readonly TimeSpan RefreshLimit = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new(); // two tellers: sessions and assignments
    private volatile Known _known = new(default, [], []);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClusterId Cluster => _known.Cluster;

    public Task Changed => Volatile.Read(ref _changed).Task;

    public Standing StandingOf(PeerIdentity holder)
    {
        Known known = _known;
        if (known.Managers.Count == 0)
        {
            return Standing.Unknown;
        }

        bool isManager = known.Managers.Contains(holder.Node);
        return !isManager && !known.Peers.Contains(holder.Node) ? Standing.Unknown
            : isManager && holder.Role == NodeRole.Manager ? Standing.Manager
            : Standing.Worker;
    }

    /// <summary>Whether a manager said that the node is one too.</summary>
    public bool IsManager(NodeId node) => _known.Managers.Contains(node);

    public async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            await Changed.WaitAsync(RefreshLimit, time, ct);
        }
        catch (TimeoutException)
        {
            // No news: what is known stands.
        }
    }

    /// <summary>A membership begins: what was known of another is over.</summary>
    internal void Begin(ClusterId cluster) => Change(_ => new Known(cluster, [], []));

    internal void Tell(IEnumerable<ManagerEndpoint> managers)
    {
        HashSet<NodeId> now = [.. managers.Select(m => m.Node)];
        if (now.Count > 0 && !now.SetEquals(_known.Managers))
        {
            Change(known => known with { Managers = now });
        }
    }

    internal void Tell(IReadOnlyCollection<NodeId> peers)
    {
        if (!_known.Peers.SetEquals(peers))
        {
            Change(known => known with { Peers = [.. peers] });
        }
    }

    private void Change(Func<Known, Known> change)
    {
        lock (_gate)
        {
            _known = change(_known);
        }

        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    private sealed record Known(ClusterId Cluster, HashSet<NodeId> Managers, HashSet<NodeId> Peers);
}
