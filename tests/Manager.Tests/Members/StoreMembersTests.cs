using Skep.Manager.Members;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Rpc.Tests.Calls;
using Skep.Store;
using Skep.Testing;

namespace Skep.Manager.Tests.Members;

public sealed class StoreMembersTests
{
    /// <summary>The leader's messages bring it the state; five seconds for each call were five for the log and five more for the snapshot.</summary>
    [Fact]
    public async Task A_manager_that_has_just_joined_does_not_wait_for_what_the_caller_brings()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(_ => { }, _ => { });
        var time = new ManualTimeProvider(); // Stands still: whoever waits waits for ever.
        var members = new StoreMembers(new ClusterStore(new Silent(), new ProtoStoreCodec(), time, new StoreOptions()), new IdentityHolder(cluster.Identity(NodeRole.Manager, "joiner")), time);
        var authority = new CallAuthority(members);
        var leader = new PeerIdentity(new NodeId("leader"), NodeRole.Manager, cluster.Cluster);

        Assert.Null(await authority.RefusalAsync("/skep.v1.Raft/Messages", leader, CancellationToken.None));
        ClusterException asked = await Assert.ThrowsAsync<ClusterException>(async () => await authority.RefusalAsync("/skep.v1.Dispatch/Session", leader with { Role = NodeRole.Worker }, CancellationToken.None));
        Assert.Equal(ErrorKind.Unavailable, asked.Kind);
    }

    /// <summary>A group without a leader.</summary>
    private sealed class Silent : IReplicatedLog
    {
        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct) => new(new TaskCompletionSource<LogResult>().Task.WaitAsync(ct));

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct) => new(new TaskCompletionSource<ulong>().Task.WaitAsync(ct));
    }
}
