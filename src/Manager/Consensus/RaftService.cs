using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Raft;
using Skep.Raft.Codec;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Consensus;

/// <summary>The listening half of the Raft group: messages, snapshots, and managers that join or leave.</summary>
public sealed class RaftService(RaftNode raft, ClusterStore store, Random random, ILogger<RaftService> logger) : V1.Raft.RaftBase
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
        try
        {
            // A node that comes again without its old log is a new member: ids are never used twice.
            foreach (RaftMember stale in raft.Status.Membership.Members.Where(m => m.NodeId == node.Value))
            {
                await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, stale), context.CancellationToken).ConfigureAwait(false);
                logger.MemberRemoved(stale.Id, node, "it joins anew");
            }

            var member = new RaftMember((ulong)random.NextInt64(1, long.MaxValue), node.Value, request.Address, IsVoter: false);
            await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.AddLearner, member), context.CancellationToken).ConfigureAwait(false);
            logger.MemberJoins(node, request.Address, member.Id);
            var response = new V1.JoinResponse { RaftId = member.Id };
            response.Members.AddRange(raft.Status.Membership.Members.Select(m => new V1.Member { RaftId = m.Id, NodeId = m.NodeId, Address = m.Address, IsVoter = m.IsVoter }));
            return response;
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
            foreach (RaftMember member in raft.Status.Membership.Members.Where(m => m.NodeId == request.NodeId))
            {
                await raft.ChangeMembershipAsync(new MembershipChange(MembershipChangeKind.Remove, member), context.CancellationToken).ConfigureAwait(false);
                logger.MemberRemoved(member.Id, caller.Node, "it leaves");
            }
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
