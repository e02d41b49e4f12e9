using Skep.Manager.Dispatch;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Store;
using Skep.Testing;

namespace Skep.Manager.Tests.Dispatch;

public sealed class NodeRegistrarTests
{
    private static readonly CancellationToken Limit = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task A_session_of_a_known_node_begins_only_when_this_replica_has_read_the_whole_log()
    {
        ManualTimeProvider time = new();
        SharedLog log = new();
        ClusterStore leader = Replica(log, time), restarted = Replica(log, time);
        var description = new NodeDescription("n1", new Platform("x86_64", "linux"), new Resources(4, 8)) { PeerAddress = "10.0.0.1:2377" };
        var node = new Node(new NodeId("n1")) { Spec = new NodeSpec(Annotations.Unnamed), Description = description, Status = new NodeStatus(NodeState.Ready, "", "10.0.0.1") };
        Assert.True((await leader.CommitAsync([new StoreChange.Create(node)], Limit)).IsCommitted);
        log.CatchUp(restarted);
        Assert.True((await leader.CommitAsync([new StoreChange.Create(new Config(new ConfigId("later")) { Spec = new ConfigSpec(new Annotations("later")) })], Limit)).IsCommitted);
        Assert.Null(restarted.View().Configs.ByName("later"));

        await new NodeRegistrar(restarted, time).RegisterAsync(node.Id, description, Limit);

        Assert.NotNull(restarted.View().Configs.ByName("later"));
    }

    private static ClusterStore Replica(SharedLog log, TimeProvider time)
    {
        ReplicaLog own = new(log);
        return own.Store = new ClusterStore(own, new ProtoStoreCodec(), time, new StoreOptions());
    }

    /// <summary>The entries of a group, in order.</summary>
    private sealed class SharedLog
    {
        private readonly List<byte[]> _entries = [];

        public object? Append(ClusterStore by, ReadOnlyMemory<byte> entry)
        {
            _entries.Add(entry.ToArray());
            return CatchUp(by);
        }

        /// <returns>What the last entry came to; null if there was none to apply.</returns>
        public object? CatchUp(ClusterStore replica)
        {
            object? outcome = null;
            for (ulong next = replica.View().Index + 1; next <= (ulong)_entries.Count; next++)
            {
                outcome = replica.Apply(next, _entries[(int)next - 1]);
            }

            return outcome;
        }
    }

    /// <summary>A member that reads its log only when it is asked to be up to date.</summary>
    private sealed class ReplicaLog(SharedLog log) : IReplicatedLog
    {
        public ClusterStore? Store { get; set; }

        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
        {
            object outcome = log.Append(Store!, entry)!;
            return ValueTask.FromResult(new LogResult(Store!.View().Index, outcome));
        }

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct)
        {
            log.CatchUp(Store!);
            return ValueTask.FromResult(Store!.View().Index);
        }
    }
}
