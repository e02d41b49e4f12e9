using Microsoft.Extensions.Logging;
using Skep.Manager.Backup;
using Skep.Manager.Ca;
using Skep.Manager.Consensus;
using Skep.Manager.Control;
using Skep.Manager.Dispatch;
using Skep.Manager.Leadership;
using Skep.Manager.Liveness;
using Skep.Manager.Logs;
using Skep.Manager.Members;
using Skep.Manager.Relay;
using Skep.Raft;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;

namespace Skep.Manager;

/// <summary>How a manager runs on its node.</summary>
public sealed record ManagerOptions
{
    /// <summary>Log, snapshots and the sealed key.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>host:port where peers reach this manager.</summary>
    public required string Address { get; init; }

    /// <summary>The member's id, kept by the node from when it founded or joined the group.</summary>
    public required ulong RaftId { get; init; }

    public RaftStart Start { get; init; }

    /// <summary>With <see cref="RaftStart.Found"/>: what the new group begins with; null: nothing.</summary>
    public RestoredCluster? Restored { get; init; }

    /// <summary>For a member that joins: the group as the manager it asked knew it.</summary>
    public IReadOnlyList<RaftMember> KnownMembers { get; init; } = [];

    /// <summary>Entries of the log that the operator has every manager step over.</summary>
    public IReadOnlyList<EntryMark> SkippedEntries { get; init; } = [];
}

/// <summary>What a manager adds to a node: a member of the Raft group, its replica of the store, the services it offers to other nodes, and, while it leads, the loops.</summary>
public sealed class ManagerNode : IAsyncDisposable
{
    private readonly GrpcRaftTransport _transport;
    private readonly DiskRaftFiles _files;
    private readonly DispatchHub _hub;
    private readonly StatusWriter _statuses;
    private readonly ReplicaProgress _progress;
    private readonly HeartbeatForwarder _vouching;
    private readonly LeaderScope _leadership;
    private readonly DataKeyFile _keyFile;
    private readonly StoreMembers _roster;
    private readonly byte[] _dataKey;

    private ManagerNode(ManagerOptions options, IdentityHolder identity, NodeChannels channels, TimeProvider time, IdSource ids, Random random, ILoggerFactory loggers)
    {
        string directory = Path.Combine(options.DataDirectory, "raft");
        _keyFile = new DataKeyFile(Path.Combine(options.DataDirectory, "raft.key"));
        _dataKey = _keyFile.OpenOrCreate(identity.Current);
        _files = DiskRaftFiles.OpenDirectory(directory);
        _transport = new GrpcRaftTransport(channels, time, loggers.CreateLogger<GrpcRaftTransport>());

        var log = new RaftLog();
        Store = new ClusterStore(log, new ProtoStoreCodec(), time, new StoreOptions());
        log.Attach(Store);
        if (options is { Restored: { } restored, Start: RaftStart.Found })
        {
            Store.Restore(restored.Index, new MemoryStream(restored.State.ToArray(), writable: false));
        }

        try
        {
            Raft = RaftNode.Open(
                new RaftNodeOptions
                {
                    Id = options.RaftId,
                    NodeId = identity.Current.Node.Value,
                    Address = options.Address,
                    DataKey = _dataKey,
                    Files = _files,
                    Start = options.Start,
                    FirstIndex = options.Restored?.Index ?? 1,
                    KnownPeers = [.. options.KnownMembers],
                    SkippedEntries = [.. options.SkippedEntries],
                },
                log,
                _transport,
                time,
                random,
                loggers.CreateLogger<RaftNode>());
        }
        catch
        {
            // A damaged log, for instance: whoever tries again must find the directory's lock free.
            _files.Dispose();
            throw;
        }

        log.Attach(Raft);
        _transport.Attach(Raft);

        _roster = new StoreMembers(Store, identity, time);
        var presence = new NodePresence(time);
        var liveness = new NodeLiveness(Store, time, loggers.CreateLogger<NodeLiveness>());
        _hub = new DispatchHub(Store);
        _statuses = new StatusWriter(Store, time, loggers.CreateLogger<StatusWriter>());
        _vouching = new HeartbeatForwarder(Raft, presence, liveness, channels, time, loggers.CreateLogger<HeartbeatForwarder>());
        _leadership = new LeaderScope(
            Raft,
            Store,
            [liveness, new ManagerRoles(Raft, Store, time, loggers.CreateLogger<ManagerRoles>()), .. LeaderLoops.All(Store, time, ids, random, loggers)],
            time,
            loggers.CreateLogger<LeaderScope>());

        Certificates = new CertificateAuthorityService(Store, time, ids, loggers.CreateLogger<CertificateAuthorityService>());
        var members = new RaftMembers(Raft, channels, time);
        Members = new RaftService(Raft, Store, members, new JoinCallBack(channels, time), random, loggers.CreateLogger<RaftService>());
        Liveness = new LivenessService(Raft, liveness);
        Control = new ClusterControl(Store, time, ids, members, new ClusterLogs(Store, channels), new NodeTunnels(channels));
        _progress = new ReplicaProgress(Store, time);
        Dispatch = new DispatchService(_hub, _statuses, new NodeRegistrar(Store, time), presence, _progress, Control.Attachments, Raft, time, loggers.CreateLogger<DispatchService>());
    }

    public ClusterStore Store { get; }

    public RaftNode Raft { get; }

    /// <summary>The operations behind the API's cluster half.</summary>
    public ClusterControl Control { get; }

    public CertificateAuthorityService Certificates { get; }

    public RaftService Members { get; }

    /// <summary>Who belongs to the cluster, for the node's listener and its calls.</summary>
    public IClusterMembers Roster => _roster;

    public LivenessService Liveness { get; }

    public DispatchService Dispatch { get; }

    /// <summary>Opens the manager's files and reads them.</summary>
    /// <exception cref="ClusterException">FailedPrecondition: the data key does not open.</exception>
    /// <exception cref="CorruptLogException">Log or snapshot are damaged; names file and offset.</exception>
    public static ManagerNode Open(ManagerOptions options, IdentityHolder identity, NodeChannels channels, TimeProvider time, IdSource ids, Random random, ILoggerFactory loggers)
        => new(options, identity, channels, time, ids, random, loggers);

    /// <summary>Runs until cancelled, or until the Raft member or one of the services every manager has fails; throws that failure.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        using CancellationTokenSource together = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task[] running =
        [
            Raft.RunAsync(together.Token),
            _roster.RunAsync(together.Token),
            _hub.RunAsync(together.Token),
            _statuses.RunAsync(together.Token),
            _progress.RunAsync(together.Token),
            _vouching.RunAsync(together.Token),
            _leadership.RunAsync(together.Token),
            new SnapshotSettings(Store, Raft).RunAsync(together.Token),
        ];
        Task first = await Task.WhenAny(running).ConfigureAwait(false);
        await together.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
        await first.ConfigureAwait(false);
    }

    /// <summary>Stores the objects a new cluster begins with. Called once, by the node that founded the group.</summary>
    public async Task FoundAsync(ClusterBootstrap cluster, string address, CancellationToken ct)
    {
        Node first = cluster.FirstManager with { Manager = new ManagerMember(Raft.Status.Id, address) };
        CommitOutcome outcome = await Store.CommitAsync(
            [new StoreChange.Create(cluster.Cluster), new StoreChange.Create(first), .. PredefinedNetworks.CreateAll(IdSource.Secure)], ct).ConfigureAwait(false);
        if (!outcome.IsCommitted)
        {
            throw new ClusterException(ErrorKind.Internal, $"the new cluster could not be stored: {outcome}");
        }
    }

    /// <summary>To be called before <paramref name="next"/> is put in force, so that the data key opens with it.</summary>
    public void PrepareIdentity(NodeIdentity present, NodeIdentity next) => _keyFile.SealFor(_dataKey, present, next);

    /// <summary>To be called once <paramref name="present"/> is in force: no other key opens the data key any more.</summary>
    public void SettleIdentity(NodeIdentity present) => _keyFile.SealFor(_dataKey, present);

    public async ValueTask DisposeAsync()
    {
        await Raft.DisposeAsync().ConfigureAwait(false);
        await _transport.DisposeAsync().ConfigureAwait(false);
        _files.Dispose();
    }
}
