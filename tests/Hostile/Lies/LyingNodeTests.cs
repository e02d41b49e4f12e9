using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Skep.Model;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;
using Skep.Store;
using V1 = Skep.Rpc.V1;

namespace Skep.Hostile.Lies;

/// <summary>A worker, or somebody without a certificate, says whatever it likes to a real manager: afterwards the manager goes on and nobody else has lost anything.</summary>
/// <remarks>SKEP_FUZZ=n: so many messages of each kind.</remarks>
public sealed class LyingNodeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static int Messages => (int)Fuzz.FuzzSettings.Executions(300);

    [Fact]
    public async Task No_session_of_a_liar_hurts_another_node()
    {
        await using RealManager manager = await RealManager.StartAsync();
        Honest honest = await Honest.StartAsync(manager);
        V1.Dispatch.DispatchClient liar = new(manager.As(await manager.JoinAsync(NodeRole.Worker)));
        var random = new Random(1);
        var lies = new RandomMessages(random) { Known = honest.Names };

        for (int session = 0; session < Messages / 10; session++)
        {
            using AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> call = liar.Session(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Limit);
            try
            {
                // Every other session begins well, to be let in and lie then.
                await call.RequestStream.WriteAsync(new V1.AgentMessage { Hello = session % 2 == 0 ? Hello("liar") : (V1.Hello)lies.Make(V1.Hello.Descriptor) });
                for (int n = 0; n < 10; n++)
                {
                    await call.RequestStream.WriteAsync((V1.AgentMessage)lies.Make(V1.AgentMessage.Descriptor));
                }

                await call.RequestStream.CompleteAsync();
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                }
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException)
            {
                // Refused, as it should be.
            }
        }

        await honest.IsUnhurtAsync();
    }

    [Fact]
    public async Task No_call_of_a_worker_or_a_stranger_hurts_the_cluster()
    {
        await using RealManager manager = await RealManager.StartAsync();
        Honest honest = await Honest.StartAsync(manager);
        CallInvoker worker = manager.As(await manager.JoinAsync(NodeRole.Worker));
        using Grpc.Net.Client.GrpcChannel nobody = NodeChannels.OpenWithoutIdentity(manager.Address, (_, _) => true);
        var random = new Random(2);
        JoinTokens tokens = manager.Node.Store.View().Cluster!.JoinTokens;
        var lies = new RandomMessages(random) { Known = [.. honest.Names, tokens.Worker] };
        MethodDescriptor[] methods = [.. Calls.ServedCalls.All.Where(m => m.Service.FullName is "skep.v1.CertificateAuthority" or "skep.v1.Dispatch" or "skep.v1.Raft" or "skep.v1.Liveness")];

        foreach (MethodDescriptor method in methods)
        {
            for (int n = 0; n < Messages / 10; n++)
            {
                await Calls.ServedCalls.CallAsync(n % 2 == 0 ? worker : nobody.CreateCallInvoker(), method, lies.Make(method.InputType).ToByteArray());
            }
        }

        await honest.IsUnhurtAsync();
    }

    /// <summary>Found by hand once: an enum number that is none, committed for ever.</summary>
    [Theory]
    [InlineData(77)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public async Task A_joiner_with_an_availability_that_is_none_is_refused(int availability)
    {
        await using RealManager manager = await RealManager.StartAsync();
        using Grpc.Net.Client.GrpcChannel nobody = NodeChannels.OpenWithoutIdentity(manager.Address, (_, _) => true);
        using var key = new NodeKey();
        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await new V1.CertificateAuthority.CertificateAuthorityClient(nobody).IssueAsync(new V1.IssueRequest
        {
            SigningRequest = ByteString.CopyFrom(key.CreateSigningRequest()),
            JoinToken = manager.Node.Store.View().Cluster!.JoinTokens.Worker,
            Availability = availability,
        }));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Single(manager.Node.Store.View().Nodes);
        Assert.False(manager.Running.IsCompleted);
    }

    private static V1.Hello Hello(string hostname) => new()
    {
        Description = new NodeDescription(hostname, new Platform("x86_64", "linux"), new Resources(4_000_000_000, 8L << 30)) { PeerAddress = "127.0.0.1:9", DataPathAddress = "127.0.0.1" }.ToProto(),
    };

    /// <summary>A node with a service's task, which only wants to be left alone.</summary>
    private sealed class Honest(RealManager manager, NodeId node, SwarmTask task)
    {
        public IReadOnlyList<string> Names => [node.Value, task.Id.Value, task.ServiceId.Value, "honest", "web"];

        public static async Task<Honest> StartAsync(RealManager manager)
        {
            NodeIdentity identity = await manager.JoinAsync(NodeRole.Worker);
            await OpenAsync(manager, identity);
            ServiceId service = await manager.Node.Control.Services.CreateAsync(
                new ServiceSpec(new Annotations("web")) { Task = new TaskSpec { Container = new ContainerSpec("nginx:latest"), Placement = new Placement { Constraints = ["node.hostname==honest"] } } }, CancellationToken.None);
            SwarmTask task = await UntilAsync(manager.Node.Store, v => v.Tasks.OfService(service).FirstOrDefault(t => t.Node == identity.Node));
            return new Honest(manager, identity.Node, task);
        }

        public async Task IsUnhurtAsync()
        {
            Assert.False(manager.Running.IsCompleted, manager.Running.Exception?.ToString());
            StoreView view = await manager.Node.Store.ReadAsync(CancellationToken.None);
            Assert.Equal("honest", view.Nodes.Find(node)!.Hostname);
            Assert.Equal(NodeRole.Worker, view.Nodes.Find(node)!.Role);
            Assert.Equal(node, view.Tasks.Find(task.Id)!.Node);
            Assert.True(view.Tasks.Find(task.Id)!.Status.State <= TaskState.Assigned, view.Tasks.Find(task.Id)!.Status.ToString());
            Assert.Single(view.Nodes, n => n.Role == NodeRole.Manager);
            // It still takes orders, and still carries them out.
            await manager.Node.Control.Services.CreateAsync(new ServiceSpec(new Annotations("after")) { Task = new TaskSpec { Container = new ContainerSpec("nginx:latest"), Placement = new Placement { Constraints = ["node.id==" + node] } } }, CancellationToken.None);
            await UntilAsync(manager.Node.Store, v => v.Tasks.FirstOrDefault(t => t.ServiceAnnotations.Name == "after"));
        }

        private static async Task OpenAsync(RealManager manager, NodeIdentity identity)
        {
            AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> call = new V1.Dispatch.DispatchClient(manager.As(identity)).Session();
            await call.RequestStream.WriteAsync(new V1.AgentMessage { Hello = Hello("honest") });
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            _ = BeatAsync(call);
        }

        private static async Task BeatAsync(AsyncDuplexStreamingCall<V1.AgentMessage, V1.ManagerMessage> call)
        {
            try
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                    await call.RequestStream.WriteAsync(new V1.AgentMessage { Heartbeat = new V1.Heartbeat() });
                }
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException)
            {
                // The manager stops with the test.
            }
        }

        private static async Task<T> UntilAsync<T>(ClusterStore store, Func<StoreView, T?> find)
            where T : class
        {
            using var limit = new CancellationTokenSource(Limit);
            using StoreWatch watch = store.Watch();
            if (find(store.View()) is { } present)
            {
                return present;
            }

            await foreach (StoreBatch batch in watch.WithCancellation(limit.Token))
            {
                if (find(batch.View) is { } found)
                {
                    return found;
                }
            }

            throw new InvalidOperationException("the store's news ended");
        }
    }
}
