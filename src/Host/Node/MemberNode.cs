using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Api.Cluster;
using Skep.Host.Identity;
using Skep.Host.Listeners;
using Skep.Manager;
using Skep.Manager.Backup;
using Skep.Manager.Ca;
using Skep.Raft;
using Skep.Rpc.Security;
using Skep.Store;
using Skep.Worker.Agent;

namespace Skep.Host.Node;

/// <summary>The node while it belongs to a cluster: its gRPC listener, its agent and, with a manager's certificate, its manager. Starts anew when its role changes; containers go on.</summary>
internal sealed partial class MemberNode : IDisposable
{
    private readonly NodePaths _paths;
    private readonly IdentityStore _identities;
    private readonly NodeHost _engine;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ConsoleLog _log;
    private readonly ILogger _logger;
    private readonly NodeChannels _channels;
    private readonly IdentityHolder _identity;
    private readonly NodeMembers _members;
    private readonly BackupPlan? _backups;
    private Entrance _entrance;
    private bool _isNew;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile NodeRecord _record;
    private volatile ManagerNode? _manager;
    private volatile CertificateRenewer? _renewer;
    private int _wantedRole;
    private volatile bool _isRenewalWanted;
    private volatile byte[]? _wantedIssuer;

    // Whoever replaces the identity on disk and in force holds it.
    private readonly Lock _replacing = new();

    // What the cluster seals its managers' keys with, once this manager has asked the quorum.
    private SensitiveBytes? _unlockKey;

    /// <param name="grace">How long after their end certificates of other nodes are believed.</param>
    /// <param name="backups">Null: none are written.</param>
    public MemberNode(NodePaths paths, IdentityStore identities, NodeIdentity identity, TimeSpan grace, NodeRecord record, Entrance entrance, BackupPlan? backups, NodeHost engine, TimeProvider time, Random random, ConsoleLog log)
    {
        _paths = paths;
        _identities = identities;
        _identity = new IdentityHolder(identity, grace);
        _wantedRole = (int)identity.Role;
        _record = record;
        _isNew = entrance.IsNew;
        _entrance = entrance;
        _backups = backups;
        _engine = engine;
        _time = time;
        _random = random;
        _log = log;
        _logger = log.CreateLogger(nameof(MemberNode));
        _members = new NodeMembers(_identity);
        _channels = new NodeChannels(_identity, _members, time);
        if (grace > TimeSpan.Zero)
        {
            _logger.ExpiredBelieved(grace.TotalDays);
        }
    }

    public NodeIdentity Identity => _identity.Current;

    public NodeRecord Record => _record;

    /// <inheritdoc cref="ManagerOptions.SkippedEntries"/>
    public IReadOnlyList<EntryMark> SkippedEntries { get; init; } = [];

    /// <summary>Null on a worker, and while the manager starts.</summary>
    public ManagerNode? Manager => _manager;

    /// <summary>Completes when the node does its part for the first time: a worker listens, a manager knows its leader.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when a manager has answered the node's agent for the first time: the cluster knows the node by name then.</summary>
    public Task Known => _known.Task;

    /// <summary>Lives until cancelled. Throws what made going on impossible.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                NodeRole role = _identity.Current.Role;
                await RunInRoleAsync(role, ct).ConfigureAwait(false);
                ct.ThrowIfCancellationRequested();
                if (_identity.Current.Role != role)
                {
                    _logger.RoleChanged(_identity.Current.Node, _identity.Current.Role);
                }
            }
        }
        catch (Exception e) when (!_ready.Task.IsCompleted || !_known.Task.IsCompleted)
        {
            _ready.TrySetException(e);
            _known.TrySetException(e);
            throw;
        }
    }

    /// <summary>Takes a manager out of the Raft group before it forgets everything.</summary>
    public Task LeaveGroupAsync(CancellationToken ct)
        => ManagerJoin.LeaveAsync(_identity.Current.Node, [.. _manager?.Raft.Status.Membership.Members.Select(m => m.Address) ?? _record.Managers], _record.AdvertiseAddress, _channels, _time, ct);

    public void Dispose() => _channels.Dispose();

    private async Task RunInRoleAsync(NodeRole role, CancellationToken ct)
    {
        using CancellationTokenSource together = CancellationTokenSource.CreateLinkedTokenSource(ct);
        WorkerAgent agent = _engine.Agent ?? throw new ClusterException(ErrorKind.Unavailable, "the node's engine is not open");
        if (role == NodeRole.Worker || _isDropped)
        {
            ForgetGroup();
        }

        if (role == NodeRole.Manager && IsOutsideGroup && !await EnterGroupAsync(agent, ct).ConfigureAwait(false))
        {
            return;
        }

        ManagerNode? manager = role == NodeRole.Manager ? OpenManager() : null;
        _members.AskFromNowOn(manager?.Roster ?? agent.Members);
        try
        {
            await using PeerListener listener = await PeerListener.StartAsync(
                IPEndPoint.Parse(_record.ListenAddress), _identity, _members, agent, manager, () => _ready.Task.IsCompletedSuccessfully, _time, _log, ct).ConfigureAwait(false);
            List<Task> running = [.. RunAgent(agent, manager, together.Token), UntilRoleChangesAsync(role, together.Token)];
            if (manager is not null)
            {
                running.Add(manager.RunAsync(together.Token));
                running.Add(KeepSealedAsync(manager, together.Token));
                running.Add(UntilDroppedAsync(manager, together.Token));
                if (_backups is { } backups)
                {
                    running.Add(new ScheduledBackups(backups, manager.Control.SaveAsync, _time, _log.CreateLogger<ScheduledBackups>()).RunAsync(together.Token));
                }

                running.Add(ClusterEventFeed.RunAsync(manager.Control, _engine.Events, _time, together.Token));
                _manager = manager;
                await StartManagingAsync(manager, together.Token).ConfigureAwait(false);
            }

            _ready.TrySetResult();
            _isNew = false;
            Task first = await Task.WhenAny(running).ConfigureAwait(false);
            _manager = null;
            await together.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first.ConfigureAwait(false);
        }
        finally
        {
            _manager = null;
            await together.CancelAsync().ConfigureAwait(false);
            if (manager is not null)
            {
                await manager.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task StartManagingAsync(ManagerNode manager, CancellationToken ct)
    {
        if (_entrance is Entrance.Founding founding && manager.Store.View().Cluster is null)
        {
            await manager.FoundAsync(founding.Cluster, _record.AdvertiseAddress, ct).ConfigureAwait(false);
        }
    }

    private ManagerNode OpenManager()
    {
        RaftStart start = RaftStart.Join;
        if (_entrance is Entrance.Founding or Entrance.Restoring)
        {
            start = RaftStart.Found;
            if (_record.RaftId == 0)
            {
                Remember(_record with { RaftId = (ulong)_random.NextInt64(1, long.MaxValue) });
            }
        }
        else if (_entrance is Entrance.ForcingNewCluster)
        {
            (start, _entrance) = (RaftStart.ForceNewCluster, new Entrance.GoingOn()); // Once: a later start goes on from what this one wrote.
        }

        return ManagerNode.Open(
            new ManagerOptions { DataDirectory = _paths.Manager, Address = _record.AdvertiseAddress, RaftId = _record.RaftId, Start = start, Restored = (_entrance as Entrance.Restoring)?.Cluster, KnownMembers = _record.KnownMembers, SkippedEntries = SkippedEntries },
            _identity,
            _channels,
            _time,
            IdSource.Secure,
            _random,
            _log);
    }

    private void Remember(NodeRecord record)
    {
        record.Save(_paths.NodeRecord);
        _record = record;
    }

    private async Task UntilRoleChangesAsync(NodeRole role, CancellationToken ct)
    {
        while (true)
        {
            Task changed = _identity.Changed; // Before the look, or a change between the two would be missed.
            if (_identity.Current.Role != role)
            {
                return;
            }

            await changed.WaitAsync(ct).ConfigureAwait(false);
        }
    }

    private sealed class CertificateOfNode(IdentityHolder identity) : INodeCertificate
    {
        public NodeTls? Present => identity.Current is { Issuer: { } issuer } now
            ? new NodeTls(now.RootPem, issuer.SubjectName.RawData.ToValueList(), issuer.PublicKey.ExportSubjectPublicKeyInfo().ToValueList())
            : null;

        public Task Changed => identity.Changed;
    }

    private sealed class ChannelsOfAgent(NodeChannels channels) : INodeChannels
    {
        public CallInvoker To(string address, Callee callee) => channels.To(address, callee);
    }
}
