using Microsoft.Extensions.Logging;
using Skep.Overlay;
using Skep.Rpc.Mapping;
using Skep.Worker.Containerd;
using Skep.Worker.Events;
using Skep.Worker.Images;
using Skep.Worker.Local;
using Skep.Worker.Logs;
using Skep.Worker.Oci;
using Skep.Worker.PeerServices;
using Skep.Worker.Standalone;
using Skep.Worker.Tasks;
using Skep.Worker.Volumes;

namespace Skep.Worker.Agent;

/// <summary>What a node does: runs the tasks it is assigned, and tells what became of them.</summary>
/// <remarks>
/// <see cref="OpenAsync"/> gives the part that needs no cluster (<see cref="Local"/>); <see cref="RunAsync"/> is the life of a member.
/// Disposing or cancelling stops no container: the next agent under the same options takes them over.
/// </remarks>
public sealed class WorkerAgent : IAsyncDisposable
{
    /// <summary>How long a node that starts waits for a manager before it starts what it last ran; what still runs is taken over at once.</summary>
    private static readonly TimeSpan ManagerWithin = TimeSpan.FromSeconds(10);

    private static readonly Ipv4Prefix EgressPool = Ipv4Prefix.Parse("172.18.0.0/16");

    private readonly WorkerOptions _options;
    private readonly NodeNetwork? _network;
    private readonly EngineContext _shop;
    private readonly ContainerdClient _client;
    private readonly ClusterPeers _peers;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly AssignmentFiles _files;
    private readonly NodeTaskNetworks? _nodeNetworks;
    private readonly ContainerStore _standalone;
    private readonly ClusterAttachments _attachments;
    private volatile TaskSupervisor? _fleet;
    private ValueList<int> _managerPorts = [2377];

    private WorkerAgent(WorkerOptions options, NodeNetwork? network, EngineContext shop, ContainerdClient client, ClusterPeers peers, Random random, ILogger logger)
    {
        _options = options;
        _network = network;
        _shop = shop;
        _client = client;
        _peers = peers;
        _random = random;
        _logger = logger;
        _files = new AssignmentFiles(options.DataDirectory, shop.Files.DirectoryOf(new TaskId("")));
        string hostname = options.Hostname ?? Environment.MachineName;
        if (network is not null)
        {
            _nodeNetworks = new NodeTaskNetworks(
                network, hostname, new AddressLeases(Path.Combine(options.DataDirectory, "egress"), EgressPool), EgressPool[1], options, shop.Time, logger);
        }

        _attachments = new ClusterAttachments(shop.Time, logger);
        StandaloneNetworks? networks = _nodeNetworks is null ? null : new StandaloneNetworks(
            _nodeNetworks, new LocalNetworkStore(Path.Combine(options.DataDirectory, "networks"), () => [EgressPool, .. HostPrefixes.Read()], shop.Time, shop.Ids), shop.Runtime, _attachments);
        _standalone = new ContainerStore(shop, (IStandaloneNetworks?)networks ?? new NoStandaloneNetworks(), hostname, random);
        if (networks is not null)
        {
            networks.Containers = _standalone;
        }

        _standalone.Load();
        Local = new ContainerEngine(shop, options, () => _fleet, _standalone, networks);
        PeerImages = new PeerImagesService(shop.Images);
        NodeLogs = new NodeLogsService(shop.Logs);
        NodeEngine = new NodeEngineService(options.EngineSocket);
    }

    /// <summary>Containers, images and volumes of this node.</summary>
    public ContainerEngine Local { get; }

    /// <summary>To be mapped on the node's gRPC listener: images for other nodes.</summary>
    public PeerImagesService PeerImages { get; }

    /// <summary>To be mapped on the node's gRPC listener: logs of this node's tasks, for managers.</summary>
    public NodeLogsService NodeLogs { get; }

    /// <summary>To be mapped on the node's gRPC listener: the node's Engine API, for managers.</summary>
    public NodeEngineService NodeEngine { get; }

    /// <summary>Connects to containerd, recovers logs, finds what runs.</summary>
    /// <param name="network">Null: only host and none networks (tasks that need more are rejected).</param>
    /// <param name="events">Hears what happens to containers, images and volumes.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: containerd does not answer.</exception>
    public static async Task<WorkerAgent> OpenAsync(
        WorkerOptions options, NodeNetwork? network, EventHub events, TimeProvider time, Random random, IdSource ids, ILoggerFactory loggers, CancellationToken ct)
    {
        ILogger logger = loggers.CreateLogger("Skep.Worker");
        Directory.CreateDirectory(options.DataDirectory);
        Directory.CreateDirectory(options.RunDirectory);
        ContainerdClient client = ContainerdClient.Connect(options.ContainerdSocket, options.ContainerdNamespace, options.ContainerdPatience, time);
        try
        {
            await client.EnsureNamespaceAsync(options.ContainerdNamespace, ct);
        }
        catch (Grpc.Core.RpcException e)
        {
            client.Dispose();
            throw new ClusterException(ErrorKind.Unavailable, $"containerd at {options.ContainerdSocket} does not answer: {e.Status.Detail}", e);
        }

        var runtime = new ContainerRuntime(client, options.ContainerdNamespace, options.Snapshotter, ids, time, logger);
        await runtime.OpenAsync(ct);
        var peers = new ClusterPeers(time);
        var images = new ImageStore(client, options, peers, ids, time);
        var views = new ImageViews(client, images, options.Snapshotter, Path.Combine(options.RunDirectory, "views"), ids);
        var volumes = new VolumeStore(Path.Combine(options.DataDirectory, "volumes"), events, time);
        HostFacts host = HostFacts.Read(options.CgroupRoot);
        EngineContext shop = new EngineContext
        {
            Options = options,
            Runtime = runtime,
            Images = images,
            Views = views,
            Mounts = new MountResolver(volumes, views),
            Volumes = volumes,
            Files = ContainerFiles.Open(Path.Combine(options.RunDirectory, "tasks")),
            Records = new TaskRecords(Path.Combine(options.DataDirectory, "tasks"), host.BootId),
            Logs = new LogStore(Path.Combine(options.DataDirectory, "logs"), time),
            Events = events,
            Host = host,
            Time = time,
            Ids = ids,
            Logger = logger,
            Slots = new SemaphoreSlim(options.EffectiveConcurrentStarts),
        };
        var agent = new WorkerAgent(options, network, shop, client, peers, random, logger);
        await agent._standalone.AdoptAsync(ct);
        return agent;
    }

    /// <summary>Starts what was last assigned, keeps a session with a manager, applies assignments. Ends only when cancelled; containers go on.</summary>
    /// <param name="news">Called with what each manager says of the cluster; in order.</param>
    public async Task RunAsync(Membership membership, INodeChannels channels, Action<ClusterInfo> news, CancellationToken ct)
    {
        using var scope = CancellationTokenSource.CreateLinkedTokenSource(ct);
        AssignmentSet book = new AssignmentSet();
        var outbox = new ReportOutbox();
        _files.Load(book);
        string hostname = _options.Hostname ?? Environment.MachineName;
        NodeTaskNetworks? nodeNetworks = _nodeNetworks;
        nodeNetworks?.SetMembership(new NetworkMember(membership.Self, () => book.View, () => _managerPorts));
        TaskContext around = new TaskContext
        {
            Node = membership.Self,
            Cluster = membership.Cluster,
            Hostname = hostname,
            Networks = (ITaskNetworks?)nodeNetworks ?? new HostOnlyNetworks(id => book.View.Networks.GetValueOrDefault(id)),
            Secrets = id => book.View.Secrets.GetValueOrDefault(id),
            Configs = id => book.View.Configs.GetValueOrDefault(id),
            Report = outbox.Put,
        };
        TaskSupervisor fleet = new TaskSupervisor(_shop, around, scope.Token);
        _fleet = fleet;
        // What runs already goes on at once; the rest waits for a manager, who may have given it to another node meanwhile.
        foreach (SwarmTask task in book.View.Tasks.Values.Where(t => fleet.IsAdoptable(t.Id)))
        {
            nodeNetworks?.Adopt(task);
            fleet.Put(task);
        }

        using AssignmentApplier steps = new AssignmentApplier(book, fleet, nodeNetworks, _files, _shop.Time, _logger, step => UpdatePeers(step, membership, channels), _attachments.NotifyChanged);
        UpdatePeers(book.View, membership, channels);
        var session = new ManagerSession(
            membership, channels, NodeDescriber.Describe(_options, membership, _network?.Features), book, outbox, _shop.Time, _random, _logger)
        {
            OnAssigned = complete => steps.ApplyAsync(complete, scope.Token),
            OnClusterInfo = (told, ports) =>
            {
                if (!ports.IsEmpty && ports != _managerPorts)
                {
                    _managerPorts = ports;
                    nodeNetworks?.Changed();
                }

                news(told);
            },
        };
        _attachments.Connect(new AttachmentClient(new ManagerCalls(() => session.Managers, channels, _shop.Time), () => book.View), isAlone: false);
        try
        {
            Task[] parts =
            [
                session.RunAsync(scope.Token),
                _attachments.RunAsync(steps.ManagerContacted, scope.Token),
                nodeNetworks?.RunAsync(steps.ManagerContacted, scope.Token) ?? Task.Delay(Timeout.InfiniteTimeSpan, _shop.Time, scope.Token),
                steps.WriteAsync(scope.Token),
                steps.StartWithoutManagerAsync(ManagerWithin, scope.Token),
            ];
            // Any part that fails ends the run; its error is the run's.
            Task first = await Task.WhenAny(parts);
            await scope.CancelAsync();
            await Task.WhenAll(parts).SuppressThrowingAsync();
            await first;
        }
        finally
        {
            _attachments.Connect(null, isAlone: false);
            await scope.CancelAsync();
            await fleet.WhenEndedAsync();
            steps.WriteNow();
        }
    }

    /// <summary>The life of a node in no cluster: its network serves its own containers. Ends only when cancelled. Never together with <see cref="RunAsync"/>.</summary>
    public async Task RunStandaloneAsync(CancellationToken ct)
    {
        if (_nodeNetworks is null)
        {
            return;
        }

        _attachments.Connect(null, isAlone: true);
        _nodeNetworks.SetMembership(null);
        await _nodeNetworks.RunAsync(Task.CompletedTask, ct);
    }

    /// <summary>Whether containers that belong to no cluster use the node's network.</summary>
    public bool HasStandaloneNetworks => _standalone.IsAnyAlive;

    /// <summary>The node leaves its cluster: stops and removes all its tasks and forgets its assignments. Volumes and images stay. Not while <see cref="RunAsync"/> runs.</summary>
    public async Task LeaveAsync(CancellationToken ct)
    {
        _fleet = null;
        _files.Forget();
        foreach (FoundContainer container in (await _shop.Runtime.ListAsync(ct)).Where(c => !c.Labels.ContainsKey(ContainerFactory.Label)))
        {
            await _shop.Runtime.DeleteAsync(container.Id, ct);
            await _shop.Logs.RemoveAsync(container.Id);
            if (container.Labels.TryGetValue("com.docker.swarm.task.id", out string? id))
            {
                var task = new TaskId(id);
                _shop.Files.Remove(task);
                _shop.Records.Remove(task);
                if (_network is not null)
                {
                    await _network.RemoveSandboxAsync(task, ct);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _standalone.DisposeAsync();
        await _shop.Runtime.DisposeAsync();
        _shop.Logs.Dispose();
        _shop.Images.Dispose();
        _shop.Slots.Dispose();
        _client.Dispose();
    }

    private void UpdatePeers(AssignmentView view, Membership membership, INodeChannels channels)
        => _peers.Update([.. view.Peers.Values.Where(p => p.IsUp && p.Node != membership.Self && p.PeerAddress.Length > 0).Select(p => p.PeerAddress)], channels);
}
