using Grpc.Core;
using Skep.Manager.Members;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Rpc.Security;
using Skep.Rpc.Tests.Calls;
using Skep.Store;
using Skep.Worker.Agent;

namespace Skep.Hostile.Calls;

/// <summary>Every method, called by everybody who might try, over real connections, with the members a manager reads from its store and a worker is told.</summary>
/// <remarks>What is observed is written to docs/security.md; what differs from the page fails. SKEP_WRITE_DOCS=1 writes it anew, to be read before it is committed.</remarks>
public sealed class CallTableTests
{
    private static readonly TimeSpan Days = TimeSpan.FromDays(2);

    [Fact]
    public async Task The_page_says_who_may_call_what()
    {
        var rows = new List<(string, string, IReadOnlyList<string>)>();
        IReadOnlyList<string> names = [];
        foreach (NodeRole called in new[] { NodeRole.Manager, NodeRole.Worker })
        {
            OneManager store = await StoreAsync();
            await using TestCluster cluster = await TestCluster.StartAsync(_ => { }, app => ServedCalls.Map(app, called), called, called == NodeRole.Manager ? FromStore(store) : AsTold(store));
            (string Name, CallInvoker Calls)[] callers = Callers(cluster);
            names = [.. callers.Select(c => c.Name)];
            foreach (Google.Protobuf.Reflection.MethodDescriptor method in ServedCalls.All)
            {
                Status[] answers = await Task.WhenAll(callers.Select(c => ServedCalls.CallAsync(c.Calls, method)));
                rows.Add((called.ToString().ToLowerInvariant(), $"{method.Service.Name}/{method.Name}", [.. answers.Select(Cell)]));
            }
        }

        string observed = CallTable.Write(names, rows), file = Path.Combine(Skep.Testing.Clusters.Repository.Root, "docs", "security.md"), page = await File.ReadAllTextAsync(file);
        if (Environment.GetEnvironmentVariable("SKEP_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(file, CallTable.Put(page, observed));
        }

        Assert.Equal(CallTable.In(page), observed);
    }

    /// <summary>A streams' caller that loses its right in the middle is cut off: of what kind the stream is does not matter.</summary>
    [Theory]
    [InlineData(NodeRole.Worker)] // demoted
    [InlineData(null)] // removed
    public async Task A_stream_ends_with_the_right_to_it(NodeRole? becomes)
    {
        OneManager store = await StoreAsync();
        var members = FromStore(store);
        using var stop = new CancellationTokenSource();
        Task watching = members.RunAsync(stop.Token);
        await using TestCluster cluster = await TestCluster.StartAsync(_ => { }, app => Microsoft.AspNetCore.Builder.GrpcEndpointRouteBuilderExtensions.MapGrpcService<EndlessLogs>(app), members: members);
        using AsyncServerStreamingCall<Rpc.V1.LogBatch> call = new Rpc.V1.NodeLogs.NodeLogsClient(cluster.As(cluster.Identity(NodeRole.Manager, "m2"))).Read(new Rpc.V1.ReadLogsRequest());
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));

        Node m2 = store.Store.View().Nodes.Find(new NodeId("m2"))!;
        await store.CommitAsync([becomes is { } role ? new StoreChange.Update(m2.WithRole(role)) : StoreChange.Remove.Of(m2)]);

        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
            }
        });
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    /// <summary>Found when a cluster was formed: news that a node had joined cut the very stream that was waiting for that news.</summary>
    [Fact]
    public async Task A_stream_that_waits_to_be_let_in_is_not_cut()
    {
        var members = new Newcomers();
        await using TestCluster cluster = await TestCluster.StartAsync(_ => { }, app => Microsoft.AspNetCore.Builder.GrpcEndpointRouteBuilderExtensions.MapGrpcService<EndlessLogs>(app), members: members);
        using AsyncServerStreamingCall<Rpc.V1.LogBatch> call = new Rpc.V1.NodeLogs.NodeLogsClient(cluster.As(cluster.Identity(NodeRole.Manager, "new"))).Read(new Rpc.V1.ReadLogsRequest());
        Task<bool> first = call.ResponseStream.MoveNext(CancellationToken.None);
        await members.Asked;
        members.Tell(Standing.Unknown); // Of others.
        members.Tell(Standing.Manager);
        Assert.True(await first);
    }

    /// <summary>m2 is a manager, d was one, r is removed, p became one while this replica was away; w is a worker.</summary>
    private static async Task<OneManager> StoreAsync()
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.AddNodeAsync("m2", NodeRole.Manager);
        await manager.AddNodeAsync("w", NodeRole.Worker);
        await manager.AddNodeAsync("p", NodeRole.Worker);
        Node d = await manager.AddNodeAsync("d", NodeRole.Manager);
        await manager.CommitAsync([new StoreChange.Update(d.WithRole(NodeRole.Worker) with { Spec = d.Spec with { DesiredRole = NodeRole.Worker }, Manager = null })]);
        await manager.AddNodeAsync("r", NodeRole.Worker);
        await manager.Control.Nodes.RemoveAsync("r", force: true, CancellationToken.None);
        return manager;
    }

    private static StoreMembers FromStore(OneManager manager) => new(manager.Store, Ours(), TimeProvider.System);

    /// <summary>What a session and assignments tell a worker of that store.</summary>
    private static ToldMembers AsTold(OneManager manager)
    {
        var told = new ToldMembers(TimeProvider.System);
        told.Begin(new ClusterId("ours"));
        StoreView view = manager.Store.View();
        told.Tell(view.Nodes.Where(n => n.Manager is not null).Select(n => new ManagerEndpoint(n.Id, n.Manager!.Address)));
        told.Tell([.. view.Nodes.Select(n => n.Id)]);
        return told;
    }

    private static IdentityHolder Ours()
    {
        Manager.Ca.ClusterBootstrap made = Manager.Ca.ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(TimeProvider.System.GetUtcNow(), IdSource.From(new Random(1)), new Random(1)));
        return new IdentityHolder((made with { Cluster = made.Cluster with { Id = new ClusterId("ours") } }).IssueFirst(TimeProvider.System.GetUtcNow()));
    }

    private static (string Name, CallInvoker Calls)[] Callers(TestCluster cluster)
    {
        var manager = new PeerIdentity(new NodeId("m2"), NodeRole.Manager, cluster.Cluster);
        string[] both = [NodeIdentity.ServerUsage, NodeIdentity.ClientUsage];
        return
        [
            ("no certificate", cluster.AsNobody()),
            ("another authority's", cluster.As(Ours().Current)),
            ("expired", cluster.As(cluster.Identity(manager, -Days, both))),
            ("not yet valid", cluster.As(cluster.Identity(manager, Days, both))),
            ("for other uses", cluster.As(cluster.Identity(manager, TimeSpan.Zero, "1.3.6.1.5.5.7.3.3"))),
            ("another cluster's id", cluster.As(cluster.Identity(NodeRole.Manager, "m2", "theirs"))),
            ("worker", cluster.As(cluster.Identity(NodeRole.Worker, "w"))),
            ("manager", cluster.As(cluster.Identity(NodeRole.Manager, "m2"))),
            ("demoted manager", cluster.As(cluster.Identity(NodeRole.Manager, "d"))),
            ("removed manager", cluster.As(cluster.Identity(NodeRole.Manager, "r"))),
            ("manager nobody knows", cluster.As(cluster.Identity(NodeRole.Manager, "x"))),
            ("worker nobody knows", cluster.As(cluster.Identity(NodeRole.Worker, "x"))),
            ("just promoted", cluster.As(cluster.Identity(NodeRole.Manager, "p", generation: 1))),
        ];
    }

    private static string Cell(Status status) => status switch
    {
        { StatusCode: StatusCode.Unimplemented, Detail: "" } => "ok",
        { StatusCode: StatusCode.Unimplemented } => "–",
        { StatusCode: StatusCode.Unauthenticated } => "U",
        { StatusCode: StatusCode.PermissionDenied } => "P",
        { StatusCode: StatusCode.Unavailable or StatusCode.Internal } => "T",
        _ => status.ToString(),
    };

    private sealed class Newcomers : IClusterMembers
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously), _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource _changed = new();
        private volatile object _standing = Standing.Unknown;

        public ClusterId Cluster => new("ours");

        public Task Asked => _asked.Task;

        public Task Changed => Volatile.Read(ref _changed).Task;

        public Standing StandingOf(PeerIdentity holder) => (Standing)_standing;

        public Task RefreshAsync(CancellationToken ct)
        {
            _asked.TrySetResult();
            return _known.Task.WaitAsync(ct);
        }

        /// <summary>The sweep that follows runs before this returns.</summary>
        public void Tell(Standing standing)
        {
            _standing = standing;
            Interlocked.Exchange(ref _changed, new TaskCompletionSource()).SetResult();
            if (standing != Standing.Unknown)
            {
                _known.TrySetResult();
            }
        }
    }

    private sealed class EndlessLogs : Rpc.V1.NodeLogs.NodeLogsBase
    {
        public override async Task Read(Rpc.V1.ReadLogsRequest request, IServerStreamWriter<Rpc.V1.LogBatch> responseStream, ServerCallContext context)
        {
            await responseStream.WriteAsync(new Rpc.V1.LogBatch());
            await new TaskCompletionSource().Task.WaitAsync(context.CancellationToken);
        }
    }
}
