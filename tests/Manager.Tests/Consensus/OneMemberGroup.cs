using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Manager.Ca;
using Skep.Manager.Consensus;
using Skep.Manager.Control;
using Skep.Manager.Dispatch;
using Skep.Manager.Liveness;
using Skep.Model;
using Skep.Raft;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Rpc.Tests.Calls;
using Skep.Store;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Consensus;

/// <summary>A real Raft group of one manager, "server", behind a real listener: what a machine that joins meets.</summary>
internal sealed class OneMemberGroup : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("skt-group-");
    private readonly CancellationTokenSource _stop = new();
    private readonly DiskRaftFiles _files;
    private readonly ReplicaProgress _progress;
    private readonly Task _running;
    private Task _waking = Task.CompletedTask;

    private OneMemberGroup()
    {
        _files = DiskRaftFiles.OpenDirectory(_directory.FullName);
        var log = new RaftLog();
        Store = new ClusterStore(log, new ProtoStoreCodec(), TimeProvider.System, new StoreOptions());
        log.Attach(Store);
        Raft = RaftNode.Open(
            new RaftNodeOptions { Id = 1, NodeId = "server", Address = "server:2377", DataKey = new byte[32], Files = _files, Start = RaftStart.Found },
            log, new NoPeers(), TimeProvider.System, new Random(1), NullLogger.Instance);
        log.Attach(Raft);
        _progress = new ReplicaProgress(Store, TimeProvider.System);
        _running = Task.WhenAll(Raft.RunAsync(_stop.Token), _progress.RunAsync(_stop.Token));
    }

    public RaftNode Raft { get; }

    public ClusterStore Store { get; }

    public TestCluster Listener { get; private set; } = null!;

    /// <summary>Whom agents' sessions with this manager make known.</summary>
    public NodePresence Presence { get; } = new(TimeProvider.System);

    /// <summary>Whom agents' sessions register with; to be set before the first.</summary>
    public NodeRegistrar? Registrar { get; set; }

    public static async Task<OneMemberGroup> StartAsync()
    {
        var group = new OneMemberGroup();
        await foreach (RaftStatus status in group.Raft.WatchLeadership(CancellationToken.None))
        {
            if (status.Role == RaftRole.Leader)
            {
                break;
            }
        }

        ClusterBootstrap made = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(TimeProvider.System.GetUtcNow(), IdSource.Secure, new Random(1)));
        await group.CommitAsync(new StoreChange.Create(made.Cluster), new StoreChange.Create(Node("server", NodeRole.Manager)));
        group.Listener = await TestCluster.StartAsync(
            s => s.AddSingleton(_ => group.Service()).AddSingleton(_ => group.Authority()).AddSingleton(_ => group.Dispatch()),
            app =>
            {
                app.MapGrpcService<RaftService>();
                app.MapGrpcService<CertificateAuthorityService>();
                app.MapGrpcService<DispatchService>();
            });
        return group;
    }

    public static Node Node(string id, NodeRole wanted) => new(new NodeId(id)) { Spec = new NodeSpec(Annotations.Unnamed) { DesiredRole = wanted }, Role = wanted };

    public async Task CommitAsync(params StoreChange[] changes) => Assert.True((await Store.CommitAsync(changes, CancellationToken.None)).IsCommitted);

    /// <summary>A node as the certificate authority admits it.</summary>
    public async Task<NodeIdentity> AdmitAsync(string id, NodeRole role = NodeRole.Manager)
    {
        await CommitAsync(new StoreChange.Create(Node(id, role)));
        return Listener.Identity(role, id);
    }

    public async Task<V1.JoinResponse> JoinAsync(NodeIdentity joiner, string address)
        => await new V1.Raft.RaftClient(Listener.As(joiner)).JoinAsync(new V1.JoinRequest { Address = address });

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _waking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Raft.DisposeAsync();
        _files.Dispose();
        _stop.Dispose();
        _directory.Delete(recursive: true);
    }

    private RaftService Service()
    {
        NodeChannels channels = Listener.ChannelsOf(Listener.Identity(NodeRole.Manager, "server"));
        return new RaftService(
            Raft, Store, new RaftMembers(Raft, channels, TimeProvider.System), new JoinCallBack(channels, TimeProvider.System), new Random(2), Listener.Log.Logger<RaftService>());
    }

    private CertificateAuthorityService Authority() => new(Store, TimeProvider.System, IdSource.Secure, Listener.Log.Logger<CertificateAuthorityService>());

    private DispatchService Dispatch()
    {
        var hub = new DispatchHub(Store);
        var liveness = new NodeLiveness(Store, TimeProvider.System, Listener.Log.Logger<NodeLiveness>());
        var forwarder = new HeartbeatForwarder(
            Raft, Presence, liveness, Listener.ChannelsOf(Listener.Identity(NodeRole.Manager, "server")), TimeProvider.System, Listener.Log.Logger<HeartbeatForwarder>());
        _waking = Task.WhenAll(hub.RunAsync(_stop.Token), liveness.RunAsync(_stop.Token), forwarder.RunAsync(_stop.Token));
        return Dispatch(hub);
    }

    private DispatchService Dispatch(DispatchHub hub) => new(
        hub, new StatusWriter(Store, TimeProvider.System, Listener.Log.Logger<StatusWriter>()), Registrar ?? new NodeRegistrar(Store, TimeProvider.System), Presence, _progress,
        new AttachmentControl(new ControlCommits(Store), IdSource.Secure), Raft, TimeProvider.System, Listener.Log.Logger<DispatchService>());

    private sealed class NoPeers : IRaftTransport
    {
        public void Send(RaftMember to, ImmutableArray<Message> messages)
        {
        }

        public Task SendSnapshotAsync(RaftMember to, Message snapshotMessage, Stream data, CancellationToken ct) => throw new IOException("nobody is there");

        public void MembershipChanged(Membership members)
        {
        }
    }
}
