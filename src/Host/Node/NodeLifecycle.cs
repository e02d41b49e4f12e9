using System.Text;
using Microsoft.Extensions.Logging;
using Skep.Api;
using Skep.Engine;
using Skep.Engine.Events;
using Skep.Host.Identity;
using Skep.Host.Listeners;
using Skep.Manager.Backup;
using Skep.Manager.Ca;
using Skep.Manager.Control;
using Skep.Raft;
using Skep.Rpc.Security;
using Skep.Worker.Agent;

namespace Skep.Host.Node;

/// <summary>How this node enters, stays in and leaves clusters; at most one <see cref="MemberNode"/> lives at a time.</summary>
internal sealed class NodeLifecycle(SkepdOptions options, NodePaths paths, NodeHost engine, NodeFacts facts, TimeProvider time, Random random, ConsoleLog log)
    : INodeContext, INodeLifecycle, IDisposable
{
    private const string LockedText = "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm unlock\" to unlock it.";

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(30);

    /// <summary>A membership that takes longer to come back goes on coming back while the API says so.</summary>
    private static readonly TimeSpan ResumeLimit = TimeSpan.FromSeconds(5);

    private readonly IdentityStore _identities = new(paths.Identity);
    private readonly BackupPlan? _backups = options.Backups();
    private readonly IReadOnlyList<EntryMark> _skippedEntries = options.SkippedEntries();
    private readonly ILogger _logger = log.CreateLogger(nameof(NodeLifecycle));

    // One init, join or leave at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile Life? _life;
    private volatile LockedLife? _locked;
    private CancellationToken _daemon;

    private sealed record Life(MemberNode Member, SupervisedTask Running);

    private sealed record LockedLife(LockedNode Node, SupervisedTask Running);

    public NodeFacts Facts => facts;

    INodeLifecycle INodeContext.Lifecycle => this;

    /// <summary>Null unless this node manages.</summary>
    public Manager.ManagerNode? Manager => _life?.Member.Manager;

    public ClusterControl? Control => _life?.Member.Manager?.Control;

    public ContainerEngine? Local => engine.Agent?.Local;

    public EventHub Events => engine.Events;

    /// <summary>Goes on in the cluster the node was in, if any, and waits a little until it does its part: who finds the API open finds the cluster's half too.</summary>
    public async Task ResumeAsync(CancellationToken ct)
    {
        _daemon = ct;
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            StoredIdentity? stored = _identities.Load();
            NodeRecord? record = stored is null ? null : NodeRecord.Load(paths.NodeRecord);
            if (stored is null || record is null)
            {
                engine.StartStandalone();
            }
            else if (stored.IsSealed)
            {
                BeginLocked(stored, record);
            }
            else
            {
                NodeIdentity identity = stored.Open();
                _logger.GoingOn(identity.Node, identity.Role, identity.Cluster);
                Life life = Begin(identity, record, new Entrance.GoingOn());
                await Task.WhenAny(life.Member.Ready, Task.Delay(ResumeLimit, time, ct)).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Lasts until cancelled; ends with everything it started.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        await Task.Delay(Timeout.Infinite, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_life is { } life)
        {
            await EndAsync(life).ConfigureAwait(false);
        }

        if (_locked is { } locked)
        {
            await EndAsync(locked).ConfigureAwait(false);
        }
    }

    public SwarmState State()
    {
        if (_locked is not null)
        {
            return new SwarmState(LocalNodeState.Locked) { Error = LockedText };
        }

        if (_life is not { } life)
        {
            return new SwarmState(LocalNodeState.Inactive);
        }

        MemberNode member = life.Member;
        string error = life.Running.Error;
        LocalNodeState state = error.Length > 0 ? LocalNodeState.Error : member.Ready.IsCompletedSuccessfully ? LocalNodeState.Active : LocalNodeState.Pending;
        return new SwarmState(state)
        {
            Node = member.Identity.Node,
            NodeAddress = NodeAddresses.Split(member.Record.AdvertiseAddress).Host,
            IsManager = member.Manager is not null,
            Error = error,
            Managers = member.Manager is { } manager
                ? manager.Store.View().Nodes.Where(n => n.Manager is not null).Select(n => new RemoteManager(n.Id, n.Manager!.Address)).ToValueList()
                : member.Record.Managers.Select(m => new RemoteManager(default, m)).ToValueList(),
        };
    }

    public async Task<NodeId> InitAsync(SwarmInit request, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (request.ForceNewCluster && _locked is not null)
            {
                throw new ClusterException(ErrorKind.Unavailable, LockedText);
            }

            if (request.ForceNewCluster && _life is { } present)
            {
                return await ForceNewClusterAsync(present, request.AdvertiseAddress, ct).ConfigureAwait(false);
            }

            RequireNoCluster();
            string listen = NodeAddresses.Listen(request.ListenAddress, options.ListenAddr);
            string advertise = NodeAddresses.Advertise(request.AdvertiseAddress, options.AdvertiseAddr, listen, towards: []);
            PeerListener.RequireFree(listen);
            ClusterBootstrap founding = ClusterBootstrap.Create(request.Spec, request.Availability, new Moment(time.GetUtcNow(), IdSource.Secure, random));
            founding = founding with
            {
                Cluster = founding.Cluster with
                {
                    DataPathPort = request.DataPathPort,
                    SubnetSize = request.SubnetSize,
                    DefaultAddressPool = request.AddressPools.IsEmpty ? founding.Cluster.DefaultAddressPool : request.AddressPools,
                },
            };
            await engine.RequireAsync(request.DataPathPort, ct).ConfigureAwait(false);
            await EnterAsync(founding.IssueFirst(time.GetUtcNow()), new NodeRecord(listen, advertise, NodeAddresses.DataPath(request.DataPathAddress, advertise), request.DataPathPort, 0, [advertise]), new Entrance.Founding(founding), ct).ConfigureAwait(false);
            return founding.FirstManager.Id;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task<NodeId> RestoreAsync(SwarmRestore request, Stream backup, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            RequireNoCluster();
            string listen = NodeAddresses.Listen(request.ListenAddress, options.ListenAddr);
            string advertise = NodeAddresses.Advertise(request.AdvertiseAddress, options.AdvertiseAddr, listen, towards: []);
            PeerListener.RequireFree(listen);
            byte[] saved = await BackupFile.ReadAsync(backup, request.Secret, ct).ConfigureAwait(false);
            RestoredCluster restored = RestoredCluster.Of(saved, new Moment(time.GetUtcNow(), IdSource.Secure, random));
            int dataPathPort = restored.Cluster.DataPathPort;
            await engine.RequireAsync(dataPathPort, ct).ConfigureAwait(false);
            await EnterAsync(restored.Identity, new NodeRecord(listen, advertise, NodeAddresses.DataPath(request.DataPathAddress, advertise), dataPathPort, 0, [advertise]), new Entrance.Restoring(restored), ct).ConfigureAwait(false);
            _logger.Restored(restored.Node, restored.Cluster.Id, restored.Index);
            return restored.Node;
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task RejoinAsync(string advertiseAddress, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            Life present = _life ?? throw new ClusterException(ErrorKind.Unavailable, _locked is null ? "This node is not part of a swarm" : LockedText);
            (NodeIdentity identity, NodeRecord before) = (present.Member.Identity, present.Member.Record);
            if (identity.Role != NodeRole.Manager)
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, "this node is a worker and holds nothing of the cluster's state: there is nothing to get anew");
            }

            NodeRecord anew = before.At(advertiseAddress);
            if (present.Member.Manager is not null && anew.AdvertiseAddress == before.AdvertiseAddress)
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, "this manager runs: swarm rejoin is for one that cannot read its data (see the error in info), or whose address has changed (--advertise-addr)");
            }

            if (before.Managers.All(m => m == before.AdvertiseAddress))
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, "this manager knows no other manager to get the state from: put the file back that is damaged, or leave with --force and restore a backup (swarm restore)");
            }

            await EndAsync(present).ConfigureAwait(false);
            await RejoinAsync(identity, before, anew, ct).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task JoinAsync(SwarmJoin request, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            RequireNoCluster();
            JoinToken token = JoinToken.Parse(Encoding.UTF8.GetString(request.Token.Reveal()));
            string[] remotes = [.. request.Remotes.Select(NodeAddresses.Remote)];
            if (remotes.Length == 0)
            {
                throw ClusterException.Invalid("at least 1 remote manager address is required to join");
            }

            string listen = NodeAddresses.Listen(request.ListenAddress, options.ListenAddr);
            string advertise = NodeAddresses.Advertise(request.AdvertiseAddress, options.AdvertiseAddr, listen, remotes);
            if (remotes.Contains(advertise, StringComparer.Ordinal))
            {
                throw ClusterException.Invalid($"{advertise} is the manager to join and cannot be this node's address too; give the node's own with --advertise-addr");
            }

            PeerListener.RequireFree(listen); // Before anybody hears of this node.
            if (engine.Agent is null)
            {
                await engine.RequireAsync(dataPathPort: 0, ct).ConfigureAwait(false); // A node that could run nothing does not ask to be let in.
            }

            (NodeIdentity identity, int dataPathPort) = await AskAsync(remotes, token, request.Availability, ct).ConfigureAwait(false);
            try
            {
                await engine.RequireAsync(dataPathPort, ct).ConfigureAwait(false);
                await EnterAsync(identity, new NodeRecord(listen, advertise, NodeAddresses.DataPath(request.DataPathAddress, advertise), dataPathPort, 0, remotes), new Entrance.Joining(), ct).ConfigureAwait(false);
            }
            catch (Exception) when (_life is null)
            {
                await GiveBackAsync(identity, remotes).ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task LeaveAsync(bool force, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            if (_locked is { } locked)
            {
                if (!force)
                {
                    throw new ClusterException(ErrorKind.Unavailable, "Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore this message.");
                }

                NodeId self = locked.Node.Identity.Self.Node;
                await EndAsync(locked).ConfigureAwait(false);
                await ForgetAsync(ct).ConfigureAwait(false);
                _logger.LeftCluster(self);
                return;
            }

            Life life = _life ?? throw new ClusterException(ErrorKind.Unavailable, "This node is not part of a swarm");
            if (life.Member.Identity.Role == NodeRole.Manager)
            {
                if (!force)
                {
                    throw new ClusterException(ErrorKind.Unavailable, LeaveWarning(life.Member));
                }

                if (life.Member.Manager?.Raft.Status.Membership.Members.Length > 1)
                {
                    await LeaveGroupAsync(life.Member, ct).ConfigureAwait(false);
                }
            }

            await EndAsync(life).ConfigureAwait(false);
            await ForgetAsync(ct).ConfigureAwait(false);
            _logger.LeftCluster(life.Member.Identity.Node);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task UnlockAsync(SensitiveBytes unlockKey, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            LockedLife locked = _locked ?? throw new ClusterException(ErrorKind.AlreadyExists, "swarm is not locked");
            NodeIdentity identity = locked.Node.Identity.Open(unlockKey) ?? throw new ClusterException(ErrorKind.Unauthenticated, "swarm could not be unlocked: invalid key provided");
            await EndAsync(locked).ConfigureAwait(false);
            _logger.GoingOn(identity.Node, identity.Role, identity.Cluster);
            Life life = Begin(identity, locked.Node.Record, new Entrance.GoingOn());
            await Task.WhenAny(life.Member.Ready, Task.Delay(ReadyLimit, time, ct)).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <remarks>Source of the texts: moby/moby:daemon/cluster/swarm.go, Leave.</remarks>
    private static string LeaveWarning(MemberNode member)
    {
        const string Start = "You are attempting to leave the swarm on a node that is participating as a manager. ";
        int managers = member.Manager?.Raft.Status.Membership.Voters.Count() ?? 0;
        return managers switch
        {
            <= 1 => Start + "Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message. ",
            2 => Start + "Removing this node leaves 1 manager out of 2. Without a Raft quorum your swarm will be inaccessible. The only way to restore a swarm that has lost consensus is to reinitialize it with `--force-new-cluster`. Use `--force` to suppress this message. ",
            _ => Start + $"Removing this node leaves {managers - 1} managers out of {managers}. Use `--force` to suppress this message. ",
        };
    }

    /// <summary>With force the node goes even if the group cannot be told; the others then see a member that is silent.</summary>
    private async Task LeaveGroupAsync(MemberNode member, CancellationToken ct)
    {
        try
        {
            await member.LeaveGroupAsync(ct).ConfigureAwait(false);
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.Unavailable)
        {
            _logger.LeftWithoutGroup(e.Message);
        }
    }

    private void RequireNoCluster()
    {
        if (_life is not null || _locked is not null)
        {
            throw new ClusterException(ErrorKind.Unavailable, "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one.");
        }
    }

    private async Task<(NodeIdentity Identity, int DataPathPort)> AskAsync(string[] remotes, JoinToken token, NodeAvailability availability, CancellationToken ct)
    {
        var troubles = new List<string>();
        foreach (string remote in remotes)
        {
            try
            {
                return await CertificateClient.JoinAsync(remote, token, availability, time, ct).ConfigureAwait(false);
            }
            catch (ClusterException e) when (e.Kind == ErrorKind.Unavailable && !ct.IsCancellationRequested)
            {
                troubles.Add(e.Message);
            }
        }

        throw new ClusterException(ErrorKind.Unavailable, string.Join("; ", troubles));
    }

    /// <summary>A node that could not enter leaves nothing of itself behind in the cluster.</summary>
    private async Task GiveBackAsync(NodeIdentity identity, string[] remotes)
    {
        string last = "no manager is known";
        var self = new IdentityHolder(identity);
        using var channels = new NodeChannels(self, new NodeMembers(self), time);
        foreach (string remote in remotes)
        {
            try
            {
                await CertificateClient.GiveBackAsync(channels.To(remote, Callee.AnyManager), remote, time, _daemon).ConfigureAwait(false);
                return;
            }
            catch (ClusterException e)
            {
                last = e.Message;
            }
        }

        _logger.NotGivenBack(identity.Node, last);
    }

    /// <summary>What is on disk stays beside the new until the others have taken this manager in; if they do not, it comes back.</summary>
    private async Task RejoinAsync(NodeIdentity identity, NodeRecord before, NodeRecord anew, CancellationToken ct)
    {
        string damaged = $"{paths.Manager}.damaged";
        if (Directory.Exists(damaged))
        {
            Directory.Delete(damaged, recursive: true);
        }

        Directory.Move(paths.Manager, damaged);
        anew = anew with { RaftId = 0, KnownMembers = [] };
        anew.Save(paths.NodeRecord);
        Life life = Begin(identity, anew, new Entrance.GoingOn());
        try
        {
            await life.Member.Ready.WaitAsync(ReadyLimit, time, ct).ConfigureAwait(false);
            Directory.Delete(damaged, recursive: true);
            _logger.Rejoined(identity.Node);
        }
        catch (Exception e) when (NodeRecord.Load(paths.NodeRecord) is { RaftId: 0 })
        {
            await EndAsync(life).ConfigureAwait(false);
            if (Directory.Exists(paths.Manager))
            {
                Directory.Delete(paths.Manager, recursive: true);
            }

            Directory.Move(damaged, paths.Manager);
            before.Save(paths.NodeRecord);
            Begin(identity, before, new Entrance.GoingOn());
            throw new ClusterException(ErrorKind.Unavailable, $"the other managers did not take this one in, its data is where it was: {(e is TimeoutException ? "no answer in time" : e.Message)}", e);
        }
    }

    /// <summary>For a cluster whose quorum is lost for good: this manager goes on alone with everything its log holds.</summary>
    private async Task<NodeId> ForceNewClusterAsync(Life present, string advertiseAddress, CancellationToken ct)
    {
        NodeIdentity identity = present.Member.Identity;
        if (identity.Role != NodeRole.Manager)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "--force-new-cluster works on a manager only: this node is a worker and holds nothing of the cluster's state");
        }

        NodeRecord record = present.Member.Record.At(advertiseAddress);
        await EndAsync(present).ConfigureAwait(false);
        Life life = Begin(identity, record, new Entrance.ForcingNewCluster());
        await life.Member.Ready.WaitAsync(ReadyLimit, time, ct).ConfigureAwait(false);
        if (life.Member.Manager is { } manager)
        {
            await manager.Store.ReadAsync(ct).ConfigureAwait(false); // It stands once its own log is applied; a log that cannot be is no cluster.
        }

        return identity.Node;
    }

    /// <summary>Begins membership and waits until it stands; if it does not, the node is as it was before.</summary>
    private async Task EnterAsync(NodeIdentity identity, NodeRecord record, Entrance entrance, CancellationToken ct)
    {
        await engine.StopStandaloneAsync().ConfigureAwait(false);
        _identities.Save(identity);
        record.Save(paths.NodeRecord);
        Life life = Begin(identity, record, entrance);
        try
        {
            // As Docker: whoever has joined can be named in the next command.
            await Task.WhenAll(life.Member.Ready, life.Member.Known).WaitAsync(ReadyLimit, time, ct).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // As Docker: joining goes on in the background.
            throw new ClusterException(ErrorKind.Unavailable, "Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the \"docker info\" command to see the current swarm status of your node.");
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            await EndAsync(life).ConfigureAwait(false);
            await ForgetAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private Life Begin(NodeIdentity identity, NodeRecord record, Entrance entrance)
    {
        var member = new MemberNode(paths, _identities, identity, TimeSpan.FromDays(options.AcceptExpired), record, entrance, _backups, engine, time, random, log) { SkippedEntries = _skippedEntries };
        return _life = new Life(member, new SupervisedTask(c => RecoveryAdvice.RunAsync(member.RunAsync, c), time, _logger, _daemon));
    }

    /// <summary>What the node runs goes on; the cluster's half of the API waits for the unlock key.</summary>
    private void BeginLocked(StoredIdentity identity, NodeRecord record)
    {
        var node = new LockedNode(identity, record);
        _logger.Locked(identity.Self.Node);
        _locked = new LockedLife(node, new SupervisedTask(
            ct => node.RunAsync(engine.Agent ?? throw new ClusterException(ErrorKind.Unavailable, "the node's engine is not open"), ct), time, _logger, _daemon));
    }

    private async Task EndAsync(Life life)
    {
        await life.Running.DisposeAsync().ConfigureAwait(false);
        life.Member.Dispose();
        _life = null;
    }

    private async Task EndAsync(LockedLife locked)
    {
        await locked.Running.DisposeAsync().ConfigureAwait(false);
        _locked = null;
    }

    /// <summary>The node keeps its images and volumes; all that is the cluster's goes.</summary>
    private async Task ForgetAsync(CancellationToken ct)
    {
        _life = null;
        _identities.Delete();
        File.Delete(paths.NodeRecord);
        if (Directory.Exists(paths.Manager))
        {
            Directory.Delete(paths.Manager, recursive: true);
        }

        await engine.LeaveAsync(ct).ConfigureAwait(false);
    }
}
