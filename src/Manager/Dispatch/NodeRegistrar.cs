using System.Net;

namespace Skep.Manager.Dispatch;

/// <summary>Stores what agents say of their nodes when a session begins or their machine changes.</summary>
public sealed class NodeRegistrar(ClusterStore store, TimeProvider time)
{
    /// <summary>A leader that judges looks several times a second; while there is none, a node learns what it has to do all the same.</summary>
    private static readonly TimeSpan JudgementLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Ends when this replica has every write that was answered before: a manager that has just started is still reading its log, and would give an agent the
    /// assignments of the past, which end what runs now.
    /// </summary>
    /// <exception cref="ClusterException">PermissionDenied: the node was removed from the cluster. Unavailable: no leader.</exception>
    public async Task RegisterAsync(NodeId id, NodeDescription description, CancellationToken ct)
    {
        while (true)
        {
            Node node = (await store.ReadAsync(ct).ConfigureAwait(false)).Nodes.Find(id)
                ?? throw new ClusterException(ErrorKind.PermissionDenied, $"node {id} was removed from the cluster");
            // Whether it lives is the leader's to judge, once it has heard it beat (NodeJudge).
            NodeStatus status = node.Status with { Address = HostOf(description.PeerAddress) };
            if (node.Description == description && node.Status == status)
            {
                return;
            }

            CommitOutcome outcome = await store.CommitAsync([new StoreChange.Update(node with { Description = description, Status = status })], ct).ConfigureAwait(false);
            if (outcome.IsCommitted)
            {
                return;
            }
        }
    }

    /// <summary>Ends when the leader has said for the first time what state the node is in, or after <see cref="JudgementLimit"/>.</summary>
    public async Task UntilJudgedAsync(NodeId id, CancellationToken ct)
    {
        using CancellationTokenSource limit = new(JudgementLimit, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        using StoreWatch watch = store.Watch();
        try
        {
            await foreach (StoreBatch batch in watch.WithCancellation(both.Token).ConfigureAwait(false))
            {
                if (batch.View.Nodes.Find(id) is not { Status.State: NodeState.Unknown })
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return;
        }
    }

    private static string HostOf(string address) => IPEndPoint.TryParse(address, out IPEndPoint? end) ? end.Address.ToString() : address.Split(':')[0];
}
