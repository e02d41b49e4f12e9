using Grpc.Core;
using Skep.Raft;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Liveness;

/// <summary>Takes the vouching of other managers; only the leader can use it.</summary>
public sealed class LivenessService(RaftNode raft, NodeLiveness liveness) : V1.Liveness.LivenessBase
{
    public override Task<V1.VouchResponse> Vouch(V1.VouchRequest request, ServerCallContext context)
    {
        if (!raft.IsLeader)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "not the leader");
        }

        foreach (V1.NodeSeen seen in request.Nodes)
        {
            liveness.Seen(new NodeId(seen.NodeId), TimeSpan.FromMilliseconds(seen.AgeMillis));
        }

        return Task.FromResult(new V1.VouchResponse());
    }
}
