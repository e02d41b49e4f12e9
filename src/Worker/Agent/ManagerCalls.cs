using Grpc.Core;
using Grpc.Core.Interceptors;
using Skep.Rpc;
using Skep.Rpc.Security;
using Proto = Skep.Rpc.V1;

namespace Skep.Worker.Agent;

/// <summary>Single questions to whichever manager answers, besides the session.</summary>
/// <param name="managers">host:port, the most promising first.</param>
internal sealed class ManagerCalls(Func<IEnumerable<string>> managers, INodeChannels channels, TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    /// <exception cref="ClusterException">What a manager answered; <see cref="ErrorKind.Unavailable"/>: none did.</exception>
    public async Task<T> CallAsync<T>(Func<Proto.Dispatch.DispatchClient, CancellationToken, AsyncUnaryCall<T>> question, CancellationToken ct)
    {
        var last = new ClusterException(ErrorKind.Unavailable, "no manager is known");
        foreach (string address in managers())
        {
            using var limit = new CancellationTokenSource(AnswerWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
            try
            {
                return await question(new Proto.Dispatch.DispatchClient(channels.To(address, Callee.AnyManager).Intercept(new CallDeadline(AnswerWithin, time))), either.Token);
            }
            catch (RpcException e)
            {
                ct.ThrowIfCancellationRequested();
                last = e.ToCluster();
                if (last.Kind is not (ErrorKind.Unavailable or ErrorKind.Internal))
                {
                    throw last;
                }
            }
        }

        throw last;
    }
}
