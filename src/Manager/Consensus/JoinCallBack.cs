using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Skep.Rpc.Security;

namespace Skep.Manager.Consensus;

/// <summary>Calls a node that asks to join at the address it gives: the group is to count only on managers that can be called.</summary>
/// <remarks>Who answers has to show the very node's certificate. An address that leads to another machine is as bad as one that leads nowhere. Source: moby/swarmkit:manager/state/raft/raft.go, checkHealth.</remarks>
public sealed class JoinCallBack(NodeChannels channels, TimeProvider time)
{
    /// <summary>Long enough for a lost packet or two, short enough for somebody who waits at a terminal.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: says which address did not answer, and why.</exception>
    public async Task RequireAnswerAsync(NodeId node, string address, CancellationToken ct)
    {
        using GrpcChannel channel = channels.OpenTo(address, Callee.Manager(node), Limit);
        try
        {
            await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), new CallOptions(deadline: (time.GetUtcNow() + Limit).UtcDateTime, cancellationToken: ct)).ConfigureAwait(false);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            // Any answer will do, a refusal too: a node that knows nobody yet may say so.
            if (CallTrouble.IsAnswer(e))
            {
                return;
            }

            string port = address[(address.LastIndexOf(':') + 1)..];
            throw new ClusterException(
                ErrorKind.FailedPrecondition,
                $"this manager cannot reach node {node} at the address it advertises: {CallTrouble.Name("node", address, e, Limit)}. Give an address that managers reach with --advertise-addr, and let {port}/tcp through the node's firewall",
                e);
        }
    }
}
