using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Raft;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Liveness;

/// <summary>Tells the leader, each half second and when one has just come, which nodes this manager heard of and how long ago.</summary>
public sealed class HeartbeatForwarder(RaftNode raft, NodePresence presence, NodeLiveness liveness, NodeChannels channels, TimeProvider time, ILogger<HeartbeatForwarder> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken ct)
    {
        await foreach (bool _ in presence.Announced.TurnsAsync(Period, time, ct).ConfigureAwait(false))
        {
            IReadOnlyList<(NodeId Node, TimeSpan Age)> ages = presence.Ages();
            RaftStatus status = raft.Status;
            if (status.Role == RaftRole.Leader)
            {
                foreach ((NodeId node, TimeSpan age) in ages)
                {
                    liveness.Seen(node, age);
                }
            }
            else if (ages.Count > 0 && status.Membership.Find(status.Leader) is { } leader)
            {
                await SendAsync(leader, ages, ct).ConfigureAwait(false);
            }
        }
    }

    private async Task SendAsync(RaftMember leader, IReadOnlyList<(NodeId Node, TimeSpan Age)> ages, CancellationToken ct)
    {
        var request = new V1.VouchRequest();
        request.Nodes.AddRange(ages.Select(a => new V1.NodeSeen { NodeId = a.Node.Value, AgeMillis = (uint)Math.Clamp(a.Age.TotalMilliseconds, 0, uint.MaxValue) }));
        try
        {
            await new V1.Liveness.LivenessClient(channels.To(leader.Address, Callee.Manager(new NodeId(leader.NodeId))))
                .VouchAsync(request, new CallOptions(deadline: (time.GetUtcNow() + CallLimit).UtcDateTime, cancellationToken: ct)).ConfigureAwait(false);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            logger.VouchFailed(ages.Count, e.Status.Detail);
        }
    }
}
