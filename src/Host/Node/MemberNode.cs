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
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(20);

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
    private readonly ClusterBootstrap? _founding;
    private readonly RestoredCluster? _restored;
    private readonly BackupPlan? _backups;
    private bool _forceNewCluster;
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

    /// <param name="founding">Not null when this node makes the cluster.</param>
    /// <param name="restored">Not null when this node makes the cluster of a backup.</param>
    /// <param name="forceNewCluster">The manager goes on as the only member of its group.</param>
    /// <param name="backups">Null: none are written.</param>
    public MemberNode(NodePaths paths, IdentityStore identities, NodeIdentity identity, NodeRecord record, ClusterBootstrap? founding, RestoredCluster? restored, bool forceNewCluster, BackupPlan? backups, NodeHost engine, TimeProvider time, Random random, ConsoleLog log)
    {
        _paths = paths;
        _identities = identities;
        _identity = new IdentityHolder(identity);
        _wantedRole = (int)identity.Role;
        _record = record;
        _founding = founding;
        _restored = restored;
        _backups = backups;
        _forceNewCluster = forceNewCluster;
        _engine = engine;
        _time = time;
        _random = random;
        _log = log;
        _logger = log.CreateLogger(nameof(MemberNode));
        _members = new NodeMembers(_identity);
        _channels = new NodeChannels(_identity, _members, time);
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
                await RunInRoleAsync(_identity.Current.Role, ct).ConfigureAwait(false);
                ct.ThrowIfCancellationRequested();
                _logger.RoleChanged(_identity.Current.Node, _identity.Current.Role);
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
        ManagerNode? manager = role == NodeRole.Manager ? await OpenManagerAsync(ct).ConfigureAwait(false) : null;
        if (role == NodeRole.Worker)
        {
            ForgetGroup();
        }

        _members.AskFromNowOn(manager?.Roster ?? agent.Members);
        try
        {
            await using PeerListener listener = await PeerListener.StartAsync(
                IPEndPoint.Parse(_record.ListenAddress), _identity, _members, agent, manager, () => _ready.Task.IsCompletedSuccessfully, _time, _log, ct).ConfigureAwait(false);
            var membership = new Worker.Agent.Membership(
                _identity.Current.Node,
                _identity.Current.Cluster,
                (role == NodeRole.Manager ? [_record.AdvertiseAddress, .. _record.Managers.Where(m => m != _record.AdvertiseAddress)] : _record.Managers).ToValueList(),
                _record.AdvertiseAddress,
                _record.DataPathAddress)
            {
                Certificate = new CertificateOfNode(_identity),
            };
            var renewer = new CertificateRenewer(_identity, IsWanted, c => TryRenewAsync(manager, c), _time, _random);
            _renewer = renewer;
            var running = new List<Task>
            {
                agent.RunAsync(membership, new ChannelsOfAgent(_channels), OnClusterInfo, together.Token),
                renewer.RunAsync(together.Token),
                UntilRoleChangesAsync(role, together.Token),
            };
            if (manager is not null)
            {
                running.Add(manager.RunAsync(together.Token));
                running.Add(KeepSealedAsync(manager, together.Token));
                if (_backups is { } backups)
                {
                    running.Add(new ScheduledBackups(backups, manager.Control.SaveAsync, _time, _log.CreateLogger<ScheduledBackups>()).RunAsync(together.Token));
                }

                running.Add(ClusterEventFeed.RunAsync(manager.Control, _engine.Events, _time, together.Token));
                _manager = manager;
                await StartManagingAsync(manager, together.Token).ConfigureAwait(false);
            }

            _ready.TrySetResult();
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
        if (_founding is not null && manager.Store.View().Cluster is null)
        {
            await manager.FoundAsync(_founding, _record.AdvertiseAddress, ct).ConfigureAwait(false);
        }
    }

    private async Task<ManagerNode> OpenManagerAsync(CancellationToken ct)
    {
        IReadOnlyList<RaftMember> known = _record.KnownMembers;
        RaftStart start = RaftStart.Join;
        if (_record.RaftId == 0)
        {
            ulong id;
            if (_founding is not null || _restored is not null)
            {
                (id, start) = ((ulong)_random.NextInt64(1, long.MaxValue), RaftStart.Found);
            }
            else
            {
                (id, known) = await ManagerJoin.AskAsync(_record.Managers, _record.AdvertiseAddress, _channels, _time, JoinLimit, ct).ConfigureAwait(false);
            }

            Remember(_record with { RaftId = id, KnownMembers = [.. known] });
        }
        else if (_founding is not null || _restored is not null)
        {
            start = RaftStart.Found;
        }
        else if (_forceNewCluster)
        {
            (start, _forceNewCluster) = (RaftStart.ForceNewCluster, false); // Once: a later start goes on from what this one wrote.
        }

        return ManagerNode.Open(
            new ManagerOptions { DataDirectory = _paths.Manager, Address = _record.AdvertiseAddress, RaftId = _record.RaftId, Start = start, Restored = _restored, KnownMembers = known, SkippedEntries = SkippedEntries },
            _identity,
            _channels,
            _time,
            IdSource.Secure,
            _random,
            _log);
    }

    /// <summary>A node that is a manager no more keeps nothing of the store.</summary>
    private void ForgetGroup()
    {
        if (_record.RaftId != 0)
        {
            Remember(_record with { RaftId = 0, KnownMembers = [] });
        }

        if (Directory.Exists(_paths.Manager))
        {
            Directory.Delete(_paths.Manager, recursive: true);
        }
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
