using Grpc.Core;
using Skep.Raft;
using Skep.Rpc;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Host.Node;

/// <summary>A node with a manager's certificate asks the group to take it in, to let it go, or whether it is in.</summary>
internal static class ManagerJoin
{
    /// <summary>A manager calls back, and then has the group agree.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan QuestionLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>Asks the known managers in turn, and the leader they name, until one of them has made the node a member.</summary>
    /// <exception cref="ClusterException">
    /// <see cref="ErrorKind.Unavailable"/>: none did within <paramref name="limit"/>; says what each answered. <see cref="ErrorKind.FailedPrecondition"/>,
    /// <see cref="ErrorKind.PermissionDenied"/> or <see cref="ErrorKind.InvalidArgument"/>: asking again would lead to no other answer.
    /// </exception>
    public static async Task<(ulong RaftId, IReadOnlyList<RaftMember> Members)> AskAsync(
        IReadOnlyList<string> managers, string ownAddress, NodeChannels channels, TimeProvider time, TimeSpan limit, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        Answers answers;
        do
        {
            answers = new Answers();
            var asked = new Queue<string>(managers.Where(m => m != ownAddress));
            for (HashSet<string> seen = [.. asked]; asked.TryDequeue(out string? manager);)
            {
                try
                {
                    V1.JoinResponse response = await new V1.Raft.RaftClient(channels.To(manager, Callee.AnyManager)).JoinAsync(
                        new V1.JoinRequest { Address = ownAddress }, Options(CallLimit, time, ct)).ConfigureAwait(false);
                    if (response.Leader.Length == 0)
                    {
                        return (response.RaftId, [.. response.Members.Select(m => new RaftMember(m.RaftId, m.NodeId, m.Address, m.IsVoter))]);
                    }

                    if (response.Leader != ownAddress && seen.Add(response.Leader))
                    {
                        asked.Enqueue(response.Leader);
                    }
                }
                catch (RpcException e) when (!ct.IsCancellationRequested)
                {
                    answers.Add(manager, e, CallLimit);
                }
            }

            answers.ThrowIfRefused();
            await Task.Delay(RetryDelay, time, ct).ConfigureAwait(false);
        }
        while (time.GetElapsedTime(start) < limit);

        throw new ClusterException(ErrorKind.Unavailable, $"no manager took this node into the Raft group within {limit.TotalSeconds:0} s: {answers}");
    }

    /// <summary>Asks another manager to take this node out of the group.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the quorum would be lost. <see cref="ErrorKind.Unavailable"/>: no manager could be told.</exception>
    public static async Task LeaveAsync(NodeId self, IReadOnlyList<string> managers, string ownAddress, NodeChannels channels, TimeProvider time, CancellationToken ct)
    {
        var answers = new Answers();
        foreach (string manager in managers.Where(m => m != ownAddress))
        {
            try
            {
                await new V1.Raft.RaftClient(channels.To(manager, Callee.AnyManager)).LeaveAsync(new V1.LeaveRequest { NodeId = self.Value }, Options(CallLimit, time, ct)).ConfigureAwait(false);
                return;
            }
            catch (RpcException e) when (!ct.IsCancellationRequested)
            {
                answers.Add(manager, e, CallLimit);
                answers.ThrowIfRefused();
            }
        }

        throw new ClusterException(ErrorKind.Unavailable, $"no manager took this node out of the Raft group: {answers}");
    }

    /// <summary>Whether a leader with a quorum says that this node's member is none.</summary>
    public static async Task<bool> IsDroppedAsync(NodeRecord self, NodeChannels channels, TimeProvider time, CancellationToken ct)
    {
        foreach (string manager in self.Managers.Concat(self.KnownMembers.Select(m => m.Address)).Distinct(StringComparer.Ordinal).Where(m => m != self.AdvertiseAddress))
        {
            try
            {
                V1.GroupResponse group = await new V1.Raft.RaftClient(channels.To(manager, Callee.AnyManager)).GroupAsync(new V1.GroupRequest(), Options(QuestionLimit, time, ct)).ConfigureAwait(false);
                return group.Members.All(m => m.Member.RaftId != self.RaftId);
            }
            catch (RpcException) when (!ct.IsCancellationRequested)
            {
                // It does not lead, or is not there: the next may.
            }
        }

        return false;
    }

    private static CallOptions Options(TimeSpan limit, TimeProvider time, CancellationToken ct) => new(deadline: (time.GetUtcNow() + limit).UtcDateTime, cancellationToken: ct);

    /// <summary>What managers said, for who asked them all.</summary>
    private sealed class Answers
    {
        private readonly List<string> _texts = [];
        private readonly List<string> _refusals = [];
        private ErrorKind _refused;

        public void Add(string manager, RpcException error, TimeSpan limit)
        {
            string said = CallTrouble.Describe("manager", manager, error, limit, NodeChannels.ConnectLimit);
            string text = said.Contains(manager, StringComparison.Ordinal) ? said : $"{manager}: {said}";
            if (CallTrouble.IsAnswer(error) && error.ToCluster().Kind is ErrorKind.FailedPrecondition or ErrorKind.PermissionDenied or ErrorKind.InvalidArgument)
            {
                _refused = error.ToCluster().Kind;
                _refusals.Add(text);
            }

            _texts.Add(text);
        }

        /// <summary>Who is silent matters only while nobody has refused.</summary>
        public void ThrowIfRefused()
        {
            if (_refusals.Count > 0)
            {
                throw new ClusterException(_refused, string.Join("; ", _refusals.Distinct(StringComparer.Ordinal)));
            }
        }

        public override string ToString() => _texts.Count == 0 ? "no manager was there that leads" : string.Join("; ", _texts.Distinct(StringComparer.Ordinal));
    }
}
