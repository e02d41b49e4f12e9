using Microsoft.Extensions.Logging;
using Skep.Engine.Containerd;
using Skep.Engine.Events;
using Skep.Engine.Networks;
using Skep.Engine.Oci;
using Skep.Overlay;
using Skep.Rpc.Mapping;
using Skep.Worker.PeerServices;
using Skep.Worker.Tasks;

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

    private readonly WorkerOptions _options;
    private readonly NodeNetwork? _network;
    private readonly ClusterPeers _peers;
    private readonly ClusterAttachments _attachments;
    private readonly TaskRecords _records;
    private readonly TaskContainers _containers;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly AssignmentFiles _files;
    private ValueList<int> _managerPorts = [2377];

    private WorkerAgent(
        ContainerEngine engine, WorkerOptions options, NodeNetwork? network, ClusterPeers peers, ClusterAttachments attachments, TaskRecords records, TaskContainers containers, TimeProvider time,
        Random random, ILogger logger)
    {
        Local = engine;
        _options = options;
        _network = network;
        _peers = peers;
        _attachments = attachments;
        _records = records;
        _containers = containers;
        _time = time;
        _random = random;
        _logger = logger;
        _files = new AssignmentFiles(engine.Context.Options.DataDirectory, engine.Context.Files.DirectoryOf(new TaskId("")));
        Members = new ToldMembers(time);
        PeerImages = new PeerImagesService(engine.Context.Images);
        NodeLogs = new NodeLogsService(engine.Context.Logs);
        NodeEngine = new NodeEngineService(options.RelaySocket);
    }

    /// <summary>Containers, images and volumes of this node.</summary>
    public ContainerEngine Local { get; }

    /// <summary>Who belongs to the cluster, as managers tell this node.</summary>
    public ToldMembers Members { get; }

    /// <summary>To be mapped on the node's gRPC listener: images for other nodes.</summary>
    public PeerImagesService PeerImages { get; }

    /// <summary>To be mapped on the node's gRPC listener: logs of this node's tasks, for managers.</summary>
    public NodeLogsService NodeLogs { get; }

    /// <summary>To be mapped on the node's gRPC listener: the node's Engine API, for managers.</summary>
    public NodeEngineService NodeEngine { get; }

    /// <summary>Opens the node's engine, and an agent that can make it part of a cluster.</summary>
    /// <param name="network">Null: only host and none networks (tasks that need more are rejected).</param>
    /// <param name="events">Hears what happens to containers, images and volumes.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: containerd does not answer.</exception>
    public static async Task<WorkerAgent> OpenAsync(
        WorkerOptions options, EngineOptions engineOptions, NodeNetwork? network, EventHub events, TimeProvider time, Random random, IdSource ids, ILoggerFactory loggers, CancellationToken ct)
    {
        ILogger logger = loggers.CreateLogger("Skep.Worker");
        var records = new TaskRecords(Path.Combine(engineOptions.DataDirectory, "tasks"), HostFacts.ReadBootId());
        var containers = new TaskContainers(records);
        var peers = new ClusterPeers(time);
        var attachments = new ClusterAttachments(time, logger);
        ContainerEngine engine = await ContainerEngine.OpenAsync(engineOptions, network, events, new ClusterBindings(peers, attachments, containers), time, random, ids, loggers, ct);
        return new WorkerAgent(engine, options, network, peers, attachments, records, containers, time, random, logger);
    }

    /// <summary>Starts what was last assigned, keeps a session with a manager, applies assignments. Ends only when cancelled; containers go on.</summary>
    /// <param name="news">Called with what each manager says of the cluster; in order.</param>
    public async Task RunAsync(Membership membership, INodeChannels channels, Action<ClusterInfo> news, CancellationToken ct)
    {
        using var scope = CancellationTokenSource.CreateLinkedTokenSource(ct);
        AssignmentSet book = new AssignmentSet();
        var outbox = new ReportOutbox();
        _files.Load(book);
        Members.Begin(membership.Cluster);
        NetworkLoop? loop = Local.NetworkLoop;
        TaskNetworks? networks = null;
        if (loop is not null)
        {
            networks = new TaskNetworks(loop, Local.Hostname, membership.Self, () => book.View, () => _managerPorts, _options, _time);
            loop.Cluster = networks;
        }

        TaskContext around = new TaskContext
        {
            Node = membership.Self,
            Cluster = membership.Cluster,
            Hostname = Local.Hostname,
            Records = _records,
            Logger = _logger,
            Networks = (ITaskNetworks?)networks ?? new HostOnlyNetworks(id => book.View.Networks.GetValueOrDefault(id)),
            Secrets = id => book.View.Secrets.GetValueOrDefault(id),
            Configs = id => book.View.Configs.GetValueOrDefault(id),
            Report = outbox.Put,
        };
        TaskSupervisor fleet = new TaskSupervisor(Local.Context, around, _containers, scope.Token);
        _containers.Supervisor = fleet;
        // What runs already goes on at once; the rest waits for a manager, who may have given it to another node meanwhile.
        foreach (SwarmTask task in book.View.Tasks.Values.Where(t => fleet.IsAdoptable(t.Id)))
        {
            networks?.Adopt(task);
            fleet.Put(task);
        }

        using AssignmentApplier steps = new AssignmentApplier(book, fleet, loop, _files, _time, _logger, step => UpdatePeers(step, membership, channels), _attachments.NotifyChanged);
        UpdatePeers(book.View, membership, channels);
        var session = new ManagerSession(
            membership, channels, NodeDescriber.Describe(_options, Local.Hostname, membership, _network?.Features), book, outbox, _time, _random, _logger)
        {
            HeldPorts = () => loop?.HeldPorts.Select(p => p.Port.ToString()).Distinct().Take(NodeDescription.MostHeldPorts).ToValueList() ?? [],
            OnAssigned = complete => steps.ApplyAsync(complete, scope.Token),
            OnClusterInfo = (told, ports) =>
            {
                Members.Tell(told.Managers);
                if (!ports.IsEmpty && ports != _managerPorts)
                {
                    _managerPorts = ports;
                    loop?.Changed();
                }

                news(told);
            },
        };
        _attachments.Connect(new AttachmentClient(new ManagerCalls(() => session.Managers, channels, _time), () => book.View), isAlone: false);
        try
        {
            Task[] parts =
            [
                session.RunAsync(scope.Token),
                _attachments.RunAsync(steps.ManagerContacted, scope.Token),
                loop?.RunAsync(steps.ManagerContacted, scope.Token) ?? Task.Delay(Timeout.InfiniteTimeSpan, _time, scope.Token),
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
        if (Local.NetworkLoop is not { } loop)
        {
            return;
        }

        _attachments.Connect(null, isAlone: true);
        loop.Cluster = null;
        await Local.RunNetworkAsync(ct);
    }

    /// <summary>The node leaves its cluster: stops and removes all its tasks and forgets its assignments. Volumes and images stay. Not while <see cref="RunAsync"/> runs.</summary>
    public async Task LeaveAsync(CancellationToken ct)
    {
        _containers.Supervisor = null;
        _files.Forget();
        foreach (FoundContainer container in TaskContainers.List(Local.Context))
        {
            if (await _containers.RemoveAsync(container, Local.Context, ct) is { } task && _network is not null)
            {
                await _network.RemoveSandboxAsync(task, ct);
            }
        }
    }

    public ValueTask DisposeAsync() => Local.DisposeAsync();

    private void UpdatePeers(AssignmentView view, Membership membership, INodeChannels channels)
    {
        Members.Tell([.. view.Peers.Values.Select(p => p.Node)]);
        _peers.Update([.. view.Peers.Values.Where(p => p.IsUp && p.Node != membership.Self && p.PeerAddress.Length > 0).Select(p => new ImagePeer(p.Node, p.PeerAddress))], Members.IsManager, channels);
    }
}
