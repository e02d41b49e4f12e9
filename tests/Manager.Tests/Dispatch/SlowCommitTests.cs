using Skep.Manager.Dispatch;
using Skep.Manager.Tests.Consensus;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Store;
using Skep.Testing;
using Skep.Testing.Clusters;
using Session = Grpc.Core.AsyncDuplexStreamingCall<Skep.Rpc.V1.AgentMessage, Skep.Rpc.V1.ManagerMessage>;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Dispatch;

/// <summary>A manager that stores nothing for a while: its agents' signs of life count all the same, until it is time for them to ask another.</summary>
public sealed class SlowCommitTests
{
    [Fact]
    public async Task A_heartbeat_is_heard_though_the_reports_before_it_wait()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync(); // Nobody runs its StatusWriter: no report is ever stored.
        NodeIdentity node = await group.AdmitAsync("w", NodeRole.Worker);
        using Session session = new V1.Dispatch.DispatchClient(group.Listener.ChannelsOf(node).To(group.Listener.Address, Callee.AnyManager)).Session();
        var description = new NodeDescription("w", new Platform("x86_64", "linux"), new Resources(1, 1)) { PeerAddress = "10.0.0.9:2377" };
        await session.RequestStream.WriteAsync(new V1.AgentMessage { Hello = new V1.Hello { Description = description.ToProto() } });
        ulong sequence = 0;
        while (sequence == 0 && await session.ResponseStream.MoveNext(CancellationToken.None))
        {
            sequence = session.ResponseStream.Current.Assignments?.Sequence ?? 0;
        }

        var report = new TaskReport(new TaskId("t"), new SwarmTaskStatus(TaskState.Running, TimeProvider.System.GetUtcNow()));
        await session.RequestStream.WriteAsync(new V1.AgentMessage { Reports = new V1.StatusReports { Number = 1, Reports = { report.ToProto() } } });
        await session.RequestStream.WriteAsync(new V1.AgentMessage { Heartbeat = new V1.Heartbeat { Sequence = sequence, Checksum = 12345 } });

        Assert.NotEmpty((await group.Listener.Log.FindAsync("holds another assignment set")).Text);
    }

    [Fact]
    public async Task A_node_is_heard_though_this_replica_cannot_even_register_it()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity node = await group.AdmitAsync("w", NodeRole.Worker);
        var log = new HangingLog { IsHanging = true };
        group.Registrar = new NodeRegistrar(log.Store = new ClusterStore(log, new ProtoStoreCodec(), TimeProvider.System, new StoreOptions()), TimeProvider.System);
        using Session session = new V1.Dispatch.DispatchClient(group.Listener.ChannelsOf(node).To(group.Listener.Address, Callee.AnyManager)).Session();
        var description = new NodeDescription("w", new Platform("x86_64", "linux"), new Resources(1, 1)) { PeerAddress = "10.0.0.9:2377" };

        await session.RequestStream.WriteAsync(new V1.AgentMessage { Hello = new V1.Hello { Description = description.ToProto() } });

        await Eventually.TrueAsync(() => Task.FromResult(group.Presence.Ages().Any(a => a.Node == new NodeId("w"))), TimeSpan.FromSeconds(30), () => "the node was not heard");
    }

    [Fact]
    public void Too_many_reports_that_wait_end_the_session()
    {
        var inbox = new SessionInbox(new NodeId("n"), null!, null!, _ => { });
        TaskReport[] many = [.. Enumerable.Repeat(new TaskReport(new TaskId("t"), new SwarmTaskStatus(TaskState.Running, DateTimeOffset.UnixEpoch)), 4_000)];
        inbox.Put(many, 1);
        inbox.Put(many, 2);
        Assert.Equal(ErrorKind.Unavailable, Assert.Throws<ClusterException>(() => inbox.Put(many, 3)).Kind);
    }

    [Fact]
    public async Task A_replica_that_confirms_nothing_gives_its_agents_away()
    {
        var time = new ManualTimeProvider();
        var log = new HangingLog();
        var progress = new ReplicaProgress(log.Store = new ClusterStore(log, new ProtoStoreCodec(), time, new StoreOptions()), time);
        using var stop = new CancellationTokenSource();
        Task asking = progress.RunAsync(stop.Token), stalled = progress.UntilStalledAsync(stop.Token);
        for (int second = 0; second < 30; second++)
        {
            await PassAsync(time);
        }

        Assert.False(stalled.IsCompleted);
        log.IsHanging = true;
        for (int second = 0; second < 30 && !stalled.IsCompleted; second++)
        {
            await PassAsync(time);
        }

        Assert.Equal(ErrorKind.Unavailable, (await Assert.ThrowsAsync<ClusterException>(() => stalled)).Kind);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    /// <summary>A second, once everybody waits for it.</summary>
    private static async Task PassAsync(ManualTimeProvider time)
    {
        for (int turn = 0; turn < 20; turn++)
        {
            await Task.Yield();
        }

        time.Advance(TimeSpan.FromSeconds(1));
    }

    private sealed class HangingLog : IReplicatedLog
    {
        public ClusterStore Store { get; set; } = null!;

        public bool IsHanging { get; set; }

        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct) => throw new NotSupportedException();

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct) => IsHanging ? new ValueTask<ulong>(new TaskCompletionSource<ulong>().Task) : ValueTask.FromResult(0UL);
    }
}
