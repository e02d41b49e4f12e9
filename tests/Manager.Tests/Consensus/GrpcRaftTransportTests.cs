using System.Collections.Immutable;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Manager.Consensus;
using Skep.Model;
using Skep.Raft;
using Skep.Rpc.Tests.Calls;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Consensus;

public sealed class GrpcRaftTransportTests
{
    private static readonly Message Message = new(MessageKind.Heartbeat, 1, 2, 3);

    [Fact]
    public async Task A_snapshot_that_is_refused_half_way_says_why()
    {
        await using TestCluster cluster = await StartAsync();
        await using GrpcRaftTransport transport = Transport(cluster);
        using var data = new MemoryStream(new byte[64 << 20]);
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => transport.SendSnapshotAsync(Peer(cluster), Message, data, CancellationToken.None));
        Assert.Equal("no space left", e.Status.Detail);
    }

    [Fact]
    public async Task What_is_queued_for_a_member_that_goes_still_reaches_it()
    {
        await using TestCluster cluster = await StartAsync();
        await using GrpcRaftTransport transport = Transport(cluster);
        for (int round = 1; round <= 20; round++)
        {
            transport.Send(Peer(cluster), [Message, Message, Message]);
            transport.MembershipChanged(Membership.Empty);
            await cluster.Services.GetRequiredService<Group>().SawAsync(3 * round);
        }
    }

    private static Task<TestCluster> StartAsync() => TestCluster.StartAsync(s => s.AddSingleton<Group>(), app => app.MapGrpcService<Group>());

    private static GrpcRaftTransport Transport(TestCluster cluster)
        => new(cluster.ChannelsOf(cluster.Identity(NodeRole.Manager, "m")), TimeProvider.System, NullLogger<GrpcRaftTransport>.Instance);

    private static RaftMember Peer(TestCluster cluster) => new(2, "server", cluster.Address, IsVoter: true);

    private sealed class Group : V1.Raft.RaftBase
    {
        private readonly SemaphoreSlim _came = new(0);
        private int _count;

        public async Task SawAsync(int count)
        {
            while (Volatile.Read(ref _count) < count)
            {
                Assert.True(await _came.WaitAsync(TimeSpan.FromSeconds(20)), $"{_count} of {count} messages came");
            }
        }

        public override async Task<V1.RaftMessagesEnd> Messages(IAsyncStreamReader<V1.RaftMessages> requestStream, ServerCallContext context)
        {
            await foreach (V1.RaftMessages batch in requestStream.ReadAllAsync(context.CancellationToken))
            {
                Interlocked.Add(ref _count, batch.Messages.Count);
                _came.Release();
            }

            return new V1.RaftMessagesEnd();
        }

        public override async Task<V1.SnapshotEnd> Snapshot(IAsyncStreamReader<V1.SnapshotChunk> requestStream, ServerCallContext context)
        {
            await requestStream.MoveNext();
            throw new ClusterException(ErrorKind.FailedPrecondition, "no space left");
        }
    }
}
