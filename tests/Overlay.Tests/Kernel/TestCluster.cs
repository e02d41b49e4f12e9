using Microsoft.Extensions.Logging.Abstractions;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>Three nodes in a <see cref="Lab"/>, and the cluster's picture from which each node's desired network follows.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public static readonly NetworkId Net = new("net1"), Net2 = new("net2"), Ingress = new("ingress");
    public const int Nodes = 3;

    public sealed record TestTask(string Name, int Node, string? Overlay, string? Egress, bool InIngress)
    {
        public TaskId Id => new($"task{Name}xxxxxxxxxxxxxxxxxxxx{Name}");

        public EndpointState State { get; set; }

        public List<HostPort> HostPorts { get; } = [];

        public string? Overlay2 { get; set; }

        public string Path { get; set; } = "";
    }

    private readonly Dictionary<int, NodeNetwork> _nodes = [];

    public Lab Lab { get; } = new(Nodes);

    public SortedDictionary<string, TestTask> Tasks { get; } = [];

    /// <summary>VIP → names of tasks.</summary>
    public Dictionary<string, string[]> Virtual { get; } = [];

    public Dictionary<PublishedPort, (int Target, string[] Tasks)> Published { get; } = [];

    public Dictionary<string, string[]> Names { get; } = [];

    /// <summary>Who answers names on node 1; null: the node itself.</summary>
    public NamesOptions? NamesProgram { get; init; }

    public List<WhoServer> Servers { get; } = [];

    public NodeNetwork this[int node] => _nodes[node];

    public static NodeId NodeIdOf(int node) => new($"node{node}");

    public string RunDirectory(int node) => Lab.PathOf($"run{node}");

    public OverlayOptions Options(int node) => new()
    {
        RunDirectory = RunDirectory(node),
        HostNamespace = Lab.Node(node),
        SandboxPoolSize = 2,
        RouterIdleTime = TimeSpan.Zero,
        Resolvers = [Lab.Client],
        Names = node == 1 ? NamesProgram : null,
    };

    public static async Task<TestCluster> StartAsync()
    {
        var cluster = new TestCluster();
        for (int node = 1; node <= Nodes; node++)
        {
            await cluster.OpenAsync(node);
        }

        return cluster;
    }

    public async Task<NodeNetwork> OpenAsync(int node) =>
        _nodes[node] = await NodeNetwork.OpenAsync(Options(node), TimeProvider.System, NullLogger.Instance, CancellationToken.None);

    public async Task<TestTask> AddAsync(string name, int node, string? overlay, string? egress, bool inIngress = false, int serve = 80)
    {
        var task = new TestTask(name, node, overlay, egress, inIngress);
        Tasks[name] = task;
        task.Path = await _nodes[node].CreateSandboxAsync(task.Id, CancellationToken.None);
        await ApplyAsync();
        if (serve != 0)
        {
            Servers.Add(new WhoServer(Lab, task.Path, name, serve));
        }

        return task;
    }

    public async Task ApplyAsync()
    {
        foreach ((int node, NodeNetwork network) in _nodes)
        {
            await network.ApplyAsync(Desired(node), CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Servers.ForEach(s => s.Dispose());
        foreach (NodeNetwork network in _nodes.Values)
        {
            await network.TearDownAsync(CancellationToken.None);
            await network.DisposeAsync();
        }
        Lab.Dispose();
    }

    public DesiredNetwork Desired(int node) => new()
    {
        Self = new NodeAddressing(NodeIdOf(node), Lab.NodeAddress(node), node, Mesh(node), $"node{node}"),
        Peers = Others(node).ToValueMap(NodeIdOf, n => new PeerNode(Lab.NodeAddress(n), n, Mesh(n))),
        Ingress = new IngressSegment(Ipv4Prefix.Parse("10.0.0.0/24"), 4096),
        IngressEndpoints = Tasks.Values.Where(t => t.InIngress).ToValueMap(t => Ipv4Address.Parse(t.Egress!),
            t => new IngressEndpoint(NodeIdOf(t.Node), Published.Where(p => p.Value.Tasks.Contains(t.Name)).Select(p => p.Key with { Port = p.Value.Target }).ToValueList(), t.State)),
        PublishedPorts = Published.ToValueMap(p => p.Key, p => p.Value.Tasks.Select(n => new PortBackend(Ipv4Address.Parse(Tasks[n].Egress!), p.Value.Target)).ToValueList()),
        Networks = new Dictionary<NetworkId, OverlayNetwork> { [Net] = Overlay(node, Net), [Net2] = Overlay(node, Net2) }.ToValueMap(),
        Sandboxes = Tasks.Values.Where(t => t.Node == node).ToValueMap(t => t.Id, Sandbox),
        Dns = new Dictionary<NetworkId, DnsZone>
        {
            [Net] = new()
            {
                Names = Names.ToValueMap(n => n.Key, n => n.Value.Select(Ipv4Address.Parse).ToValueList()),
                Pointers = Tasks.Values.Where(t => t.Overlay is not null).ToValueMap(t => Ipv4Address.Parse(t.Overlay!), t => $"{t.Name}.front"),
            },
        }.ToValueMap(),
    };

    private static Ipv4Address Mesh(int node) => Ipv4Address.From(10, 0, 0, (byte)(10 + node));

    private static IEnumerable<int> Others(int node) => Enumerable.Range(1, Nodes).Where(n => n != node);

    private OverlayNetwork Overlay(int node, NetworkId id)
    {
        byte third = (byte)(id == Net ? 1 : 2);
        Ipv4Address Router(int n) => Ipv4Address.From(10, 0, third, (byte)(200 + n));
        Func<TestTask, string?> address = id == Net ? t => t.Overlay : t => t.Overlay2;
        return new OverlayNetwork(id == Net ? "front" : "back", 4096 + third, Ipv4Prefix.Parse($"10.0.{third}.0/24"), Ipv4Address.From(10, 0, third, 1), Router(node))
        {
            PeerRouters = Others(node).ToValueMap(NodeIdOf, Router),
            VirtualAddresses = id == Net
                ? Virtual.ToValueMap(v => Ipv4Address.Parse(v.Key), v => v.Value.Select(n => Ipv4Address.Parse(Tasks[n].Overlay!)).ToValueList())
                : ValueMap<Ipv4Address, ValueList<Ipv4Address>>.Empty,
            Endpoints = Tasks.Values.Where(t => address(t) is not null).ToValueMap(t => Ipv4Address.Parse(address(t)!), t => new NetworkEndpoint(NodeIdOf(t.Node), t.State)),
        };
    }

    private static TaskSandbox Sandbox(TestTask task)
    {
        var overlays = new List<OverlayAttachment>();
        if (task.Overlay is { } first)
        {
            overlays.Add(new OverlayAttachment(Net, Ipv4Address.Parse(first), $"eth{overlays.Count}"));
        }

        if (task.Overlay2 is { } second)
        {
            overlays.Add(new OverlayAttachment(Net2, Ipv4Address.Parse(second), $"eth{overlays.Count}"));
        }

        return new TaskSandbox
        {
            Overlays = overlays.ToValueList(),
            Egress = task.Egress is { } egress ? new EgressAttachment(Ipv4Address.Parse(egress), $"eth{overlays.Count}") : null,
            HostPorts = task.HostPorts.ToValueList(),
        };
    }
}
