using Grpc.Core;
using Skep.Manager;
using Skep.Raft;
using Skep.Rpc;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Host.Node;

/// <summary>A node with a manager's certificate asks the group to take it in.</summary>
internal static class ManagerJoin
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>Asks the known managers in turn until one of them has made the node a member.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: none did within <paramref name="limit"/>; says what the last one answered.</exception>
    public static async Task<(ulong RaftId, IReadOnlyList<RaftMember> Members)> AskAsync(
        IReadOnlyList<string> managers, string ownAddress, NodeChannels channels, TimeProvider time, TimeSpan limit, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        string last = "no manager is known";
        while (time.GetElapsedTime(start) < limit)
        {
            foreach (string manager in managers.Where(m => m != ownAddress))
            {
                try
                {
                    V1.JoinResponse response = await new V1.Raft.RaftClient(channels.To(manager, Callee.AnyManager)).JoinAsync(
                        new V1.JoinRequest { Address = ownAddress },
                        new CallOptions(deadline: (time.GetUtcNow() + CallLimit).UtcDateTime, cancellationToken: ct)).ConfigureAwait(false);
                    return (response.RaftId, [.. response.Members.Select(m => new RaftMember(m.RaftId, m.NodeId, m.Address, m.IsVoter))]);
                }
                catch (RpcException e) when (!ct.IsCancellationRequested)
                {
                    last = $"{manager}: {e.Status.Detail}";
                }
            }

            await Task.Delay(RetryDelay, time, ct).ConfigureAwait(false);
        }

        throw new ClusterException(ErrorKind.Unavailable, $"no manager took this node into the Raft group within {limit.TotalSeconds:0} s; last answer: {last}");
    }

    /// <summary>Asks another manager to take this node out of the group.</summary>
    public static async Task LeaveAsync(NodeId self, IReadOnlyList<string> managers, string ownAddress, NodeChannels channels, TimeProvider time, CancellationToken ct)
    {
        string last = "no other manager is known";
        foreach (string manager in managers.Where(m => m != ownAddress))
        {
            try
            {
                await new V1.Raft.RaftClient(channels.To(manager, Callee.AnyManager)).LeaveAsync(
                    new V1.LeaveRequest { NodeId = self.Value },
                    new CallOptions(deadline: (time.GetUtcNow() + CallLimit).UtcDateTime, cancellationToken: ct)).ConfigureAwait(false);
                return;
            }
            catch (RpcException e) when (!ct.IsCancellationRequested)
            {
                last = $"{manager}: {e.Status.Detail}";
            }
        }

        throw new ClusterException(ErrorKind.Unavailable, $"no manager took this node out of the Raft group; last answer: {last}");
    }
}
