using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Manager.Control;
using Skep.Manager.Dispatch;
using Skep.Raft;
using Skep.Raft.Codec;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Consensus;

/// <summary>The listening half of the Raft group: messages, snapshots, and managers that join or leave.</summary>
public sealed class RaftService(RaftNode raft, ClusterStore store, IMembershipControl members, JoinCallBack callBack, Random random, ILogger<RaftService> logger) : V1.Raft.RaftBase
{
    public override async Task<V1.RaftMessagesEnd> Messages(IAsyncStreamReader<V1.RaftMessages> requestStream, ServerCallContext context)
    {
        PeerIdentity sender = context.Caller();
        await foreach (V1.RaftMessages batch in requestStream.ReadAllAsync(context.CancellationToken).ConfigureAwait(false))
        {
            foreach (Google.Protobuf.ByteString message in batch.Messages)
            {
                raft.Receive(Decode(message.Memory, sender));
            }
        }

        return new V1.RaftMessagesEnd();
    }

    public override async Task<V1.SnapshotEnd> Snapshot(IAsyncStreamReader<V1.SnapshotChunk> requestStream, ServerCallContext context)
    {
        CancellationToken ct = context.CancellationToken;
        if (!await requestStream.MoveNext(ct).ConfigureAwait(false))
        {
            throw ClusterException.Invalid("a snapshot begins with its message");
        }

        Message message = Decode(requestStream.Current.Message.Memory, context.Caller());
        var pipe = new Pipe();
        Task receiving = raft.ReceiveSnapshotAsync(message, pipe.Reader.AsStream(), ct);
        try
        {
            while (await requestStream.MoveNext(ct).ConfigureAwait(false))
            {
                await pipe.Writer.WriteAsync(requestStream.Current.Data.Memory, ct).ConfigureAwait(false);
            }
        }
        finally
        {
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        }

        await receiving.ConfigureAwait(false);
        return new V1.SnapshotEnd();
    }

    public override async Task<V1.JoinResponse> Join(V1.JoinRequest request, ServerCallContext context)
    {
        NodeId node = context.Caller().Node;
        CancellationToken ct = context.CancellationToken;
        RaftStatus status = raft.Status;
        if (status.Role != RaftRole.Leader && status.Membership.Find(status.Leader) is { } leader && leader.Address != request.Address)
        {
            return new V1.JoinResponse { Leader = leader.Address }; // That this manager can call the node says nothing of the leader, on whom it depends.
        }

        try
        {
            await RequireFitAsync(node, request.Address, ct).ConfigureAwait(false);
            // A node that comes again without its old log is a new member: ids are never used twice.
            await RemoveAsync(node, "it joins anew", ct).ConfigureAwait(false);
            var member = new RaftMember((ulong)random.NextInt64(1, long.MaxValue), node.Value, request.Address, IsVoter: false);
            await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddLearner, member), ct).ConfigureAwait(false);
            logger.MemberJoins(node, request.Address, member.Id);
            var response = new V1.JoinResponse { RaftId = member.Id };
            response.Members.AddRange(raft.Status.Membership.Members.Select(RaftMembers.ToProto));
            return response;
        }
        catch (ClusterException e) when (e.Kind is ErrorKind.FailedPrecondition or ErrorKind.PermissionDenied)
        {
            logger.JoinRefused(node, e.Message);
            throw;
        }
        catch (Exception e) when (e is RaftUnavailableException or MembershipRefusedException)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"the Raft group cannot take in node {node}: {e.Message}", e);
        }
    }

    public override async Task<V1.LeaveResponse> Leave(V1.LeaveRequest request, ServerCallContext context)
    {
        PeerIdentity caller = context.Caller();
        if (caller.Node.Value != request.NodeId)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, "a manager can only take itself out; use node demote for others");
        }

        try
        {
            await RemoveAsync(caller.Node, "it leaves", context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RaftUnavailableException or MembershipRefusedException)
        {
            throw new ClusterException(ErrorKind.Unavailable, $"node {caller.Node} cannot leave the Raft group: {e.Message}", e);
        }

        // Its node stays in the list, down, until it is removed; what it was as a manager is over.
        if (store.View().Nodes.Find(caller.Node) is { } node)
        {
            Node left = node.WithRole(NodeRole.Worker) with { Spec = node.Spec with { DesiredRole = NodeRole.Worker }, Manager = null };
            await store.CommitAsync([new StoreChange.Update(left)], context.CancellationToken).ConfigureAwait(false);
        }

        return new V1.LeaveResponse();
    }

    public override async Task<V1.GroupResponse> Group(V1.GroupRequest request, ServerCallContext context)
    {
        try
        {
            // Only a leader that still has its quorum knows who is in.
            await raft.ReadIndexAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (RaftUnavailableException e)
        {
            throw new ClusterException(ErrorKind.Unavailable, e.Message, e);
        }

        RaftStatus status = raft.Status;
        return status.Role == RaftRole.Leader ? RaftMembers.Describe(status) : throw new ClusterException(ErrorKind.Unavailable, "this manager does not lead; ask another");
    }

    /// <summary>Whether the group may count on the node at all; asked before anything is proposed.</summary>
    private async Task RequireFitAsync(NodeId node, string address, CancellationToken ct)
    {
        NodeDescriptionRules.CheckEndPoint("advertised address", address);
        if ((await store.ReadAsync(ct).ConfigureAwait(false)).Nodes.Find(node) is not { IsToBeManager: true })
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"node {node} is not to be a manager; promote it first");
        }

        await callBack.RequireAnswerAsync(node, address, ct).ConfigureAwait(false);
    }

    /// <summary>Takes every member of the node out, if the others can do without.</summary>
    private async Task RemoveAsync(NodeId node, string reason, CancellationToken ct)
    {
        RaftMember[] present = [.. raft.Status.Membership.Members.Where(m => m.NodeId == node.Value)];
        if (present.Length == 0)
        {
            return;
        }

        await RequireQuorumWithoutAsync(node, ct).ConfigureAwait(false);
        foreach (RaftMember member in present)
        {
            try
            {
                await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, member), ct).ConfigureAwait(false);
                logger.MemberRemoved(member.Id, node, reason);
            }
            catch (MembershipRefusedException) when (raft.Status.Membership.Find(member.Id) is null)
            {
                // Somebody else has removed it.
            }
            catch (Exception e) when (e is RaftUnavailableException or MembershipRefusedException)
            {
                // The leader may have refused: since it was asked, another manager fell silent or left.
                await RequireQuorumWithoutAsync(node, ct).ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task RequireQuorumWithoutAsync(NodeId node, CancellationToken ct)
    {
        ManagerGroup group = await members.AskLeaderAsync(ct).ConfigureAwait(false);
        if (group.Voters.Contains(node) && group.Votes.ObjectionTo(group.VotesWithout(node)) is { } objection)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"the quorum would be lost without node {node}: {objection}; {RemedyOf(group)}");
        }
    }

    private string RemedyOf(ManagerGroup group)
    {
        string[] silent = [.. group.Voters.Where(group.Unreachable.Contains).Select(n => store.View().Nodes.Find(n) is { Hostname.Length: > 0 } node ? node.Hostname : n.Value)];
        return silent.Length == 0 ? "let another manager join first" : $"bring back, or demote first, what does not answer: {string.Join(", ", silent)}";
    }

    private Message Decode(ReadOnlyMemory<byte> bytes, PeerIdentity sender)
    {
        try
        {
            Message message = MessageCodec.Decode(bytes);
            RaftMessageRules.Check(message, sender, raft.Status);
            return message;
        }
        catch (RaftFormatException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, e.Message, e);
        }
    }
}
