using Skep.Manager.Ca;
using Skep.Manager.Control;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Store;
using Skep.Testing;

namespace Skep.Manager.Tests.Control;

/// <summary>A cluster of one manager whose log commits at once, with the networks every cluster begins with.</summary>
internal sealed class OneManager : IMembershipControl
{
    private readonly ImmediateLog _log = new();

    private OneManager(ILogSource logs)
    {
        Store = new ClusterStore(_log, new ProtoStoreCodec(), Time, new StoreOptions());
        _log.Store = Store;
        Control = new ClusterControl(Store, Time, Ids, this, logs, new NoTunnels());
    }

    public ManualTimeProvider Time { get; } = new();

    public IdSource Ids { get; } = IdSource.From(new Random(1));

    public ClusterStore Store { get; }

    public ClusterControl Control { get; }

    public NodeId Self { get; private set; }

    public ValueList<NodeId> Unreachable { get; set; } = [];

    public static Task<OneManager> StartAsync() => StartAsync(new NoLogs());

    public static async Task<OneManager> StartAsync(ILogSource logs)
    {
        var manager = new OneManager(logs);
        ClusterBootstrap made = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(manager.Time.GetUtcNow(), manager.Ids, new Random(1)));
        manager.Self = made.FirstManager.Id;
        Node node = made.FirstManager with
        {
            Manager = new ManagerMember(1, "10.0.0.1:2377"),
            Status = new NodeStatus(NodeState.Ready, "", "10.0.0.1"),
            Description = Describe("m1"),
        };
        await manager.CommitAsync([new StoreChange.Create(made.Cluster), new StoreChange.Create(node), .. PredefinedNetworks.CreateAll(manager.Ids)]);
        return manager;
    }

    /// <summary>Managers that do not vote yet.</summary>
    public ValueList<NodeId> Learners { get; set; } = [];

    public ManagerGroup Group() => new(Self, Unreachable)
    {
        Voters = Store.View().Nodes.Where(n => n.Manager is not null && !Learners.Contains(n.Id)).Select(n => n.Id).ToValueList(),
    };

    public Task<ManagerGroup> AskLeaderAsync(CancellationToken ct) => Task.FromResult(Group());

    public async Task CommitAsync(IReadOnlyList<StoreChange> changes)
        => Assert.IsType<CommitOutcome.Committed>(await Store.CommitAsync(changes, CancellationToken.None));

    public async Task<Node> AddNodeAsync(string id, NodeRole role)
    {
        var node = new Node(new NodeId(id))
        {
            Spec = new NodeSpec(Annotations.Unnamed) { DesiredRole = role },
            Role = role,
            Manager = role == NodeRole.Manager ? new ManagerMember((ulong)id.Length + 100, $"{id}:2377") : null,
            Status = new NodeStatus(NodeState.Ready, "", "10.0.0.9"),
            Description = Describe(id),
        };
        await CommitAsync([new StoreChange.Create(node)]);
        return Store.View().Nodes.Find(node.Id)!;
    }

    public static ServiceSpec Web(string name) => new(new Annotations(name)) { Task = new TaskSpec { Container = new ContainerSpec("nginx:latest") } };

    public Service Service(string name) => Store.View().Services.ByName(name)!;

    private static NodeDescription Describe(string hostname)
        => new(hostname, new Platform("x86_64", "linux"), new Resources(4_000_000_000, 8L << 30)) { EngineVersion = "0.1.0" };

    private sealed class ImmediateLog : IReplicatedLog
    {
        private ulong _index;

        public ClusterStore? Store { get; set; }

        public ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
        {
            lock (this)
            {
                _index++;
                return ValueTask.FromResult(new LogResult(_index, Store!.Apply(_index, entry)));
            }
        }

        public ValueTask<ulong> ReadIndexAsync(CancellationToken ct) => ValueTask.FromResult(Volatile.Read(ref _index));
    }

    private sealed class NoLogs : ILogSource
    {
        public IAsyncEnumerable<TaskLogLine> ReadAsync(SwarmTask task, LogSelection selection, CancellationToken ct)
            => throw new ClusterException(ErrorKind.NotFound, "no logs here");
    }
}

internal sealed class NoTunnels : INodeTunnels
{
    public NodeTunnel Open(Node node) => throw new ClusterException(ErrorKind.Unavailable, $"no way to node {node.Id}");
}
