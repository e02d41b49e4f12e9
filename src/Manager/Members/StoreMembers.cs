using Skep.Rpc.Security;

namespace Skep.Manager.Members;

/// <summary>Who belongs to the cluster, as this manager's replica of the store has it.</summary>
public sealed class StoreMembers(ClusterStore store, IdentityHolder identity, TimeProvider time) : IClusterMembers
{
    /// <summary>A replica that cannot confirm within this that it is up to date says so; the caller asks another.</summary>
    private static readonly TimeSpan RefreshLimit = TimeSpan.FromSeconds(5);

    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ClusterId Cluster => identity.Current.Cluster;

    public Task Changed => Volatile.Read(ref _changed).Task;

    public Standing StandingOf(PeerIdentity holder)
    {
        StoreView view = store.View();
        if (view.Cluster?.RemovedNodes.ContainsKey(holder.Node) == true)
        {
            return Standing.Removed;
        }

        return view.Nodes.Find(holder.Node) is { } node ? Standings.Of(holder, node.Role, node.RoleGeneration) : Standing.Unknown;
    }

    /// <remarks>A manager that has just joined holds nothing, and gets it from callers it does not know: it has nothing to wait for.</remarks>
    public async Task RefreshAsync(CancellationToken ct)
    {
        if (store.View().Cluster is null)
        {
            throw new ClusterException(ErrorKind.Unavailable, "this manager is about to receive the cluster's state; ask another");
        }

        try
        {
            await store.ReadAsync(ct).AsTask().WaitAsync(RefreshLimit, time, ct).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"this manager could not confirm within {RefreshLimit.TotalSeconds:0} s that it knows all nodes; ask another", e);
        }
    }

    /// <summary>Spreads the news of nodes that changed their role or went. Ends only when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using StoreWatch watch = store.Watch();
        await foreach (StoreBatch batch in watch.WithCancellation(ct).ConfigureAwait(false))
        {
            if (batch.IsResync || batch.Events.Any(IsOfMembership))
            {
                Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            }
        }
    }

    private static bool IsOfMembership(StoreEvent change) => (change.Old, change.New) switch
    {
        (Node old, Node now) => old.Role != now.Role,
        (Node, null) or (null, Node) => true,
        _ => false,
    };
}
