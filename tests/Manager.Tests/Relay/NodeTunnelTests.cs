using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Skep.Manager.Control;
using Skep.Manager.Relay;
using Skep.Model;
using Skep.Rpc.Tests.Calls;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Relay;

/// <summary>A tunnel's errors are IOExceptions that name the node and say why, whichever end of it meets them first.</summary>
public sealed class NodeTunnelTests
{
    [Fact]
    public async Task Bytes_go_both_ways_until_one_side_has_said_all()
    {
        await using TestCluster cluster = await StartAsync();
        await using NodeTunnel tunnel = Open(cluster);
        byte[] buffer = new byte[16];
        await tunnel.WriteAsync("ping"u8.ToArray());
        Assert.Equal("ping", System.Text.Encoding.UTF8.GetString(buffer, 0, await tunnel.ReadAsync(buffer)));
        await tunnel.CompleteWritesAsync();
        Assert.Equal(0, await tunnel.ReadAsync(buffer));
    }

    [Fact]
    public async Task A_write_says_why_the_node_ended_the_connection()
    {
        await using TestCluster cluster = await StartAsync();
        await using NodeTunnel tunnel = Open(cluster);
        await tunnel.WriteAsync("refuse"u8.ToArray());
        IOException e = await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
            {
                await tunnel.WriteAsync(new byte[64 << 10]);
            }
        });
        Assert.Equal("node n1: relays nothing", e.Message);
    }

    [Fact]
    public async Task A_write_says_that_nobody_listens()
    {
        await using TestCluster cluster = await StartAsync();
        await using NodeTunnel tunnel = Open(cluster, "127.0.0.1:1");
        IOException e = await Assert.ThrowsAsync<IOException>(async () => await tunnel.WriteAsync(new byte[1]));
        Assert.Contains("Connection refused", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_after_dispose_is_an_end_of_the_connection()
    {
        await using TestCluster cluster = await StartAsync();
        NodeTunnel tunnel = Open(cluster);
        await tunnel.WriteAsync("ping"u8.ToArray());
        Assert.Equal(4, await tunnel.ReadAsync(new byte[16]));
        Task<int> reading = tunnel.ReadAsync(new byte[16]).AsTask();
        await tunnel.DisposeAsync();
        foreach (Func<Task> use in new Func<Task>[] { () => reading, () => tunnel.WriteAsync(new byte[1]).AsTask(), () => tunnel.ReadAsync(new byte[1]).AsTask(), tunnel.CompleteWritesAsync })
        {
            Assert.Equal("node n1: the connection was closed", (await Assert.ThrowsAsync<IOException>(use)).Message);
        }
    }

    private static Task<TestCluster> StartAsync() => TestCluster.StartAsync(s => s.AddSingleton<Engine>(), app => app.MapGrpcService<Engine>());

    private static NodeTunnel Open(TestCluster cluster, string? address = null) => new NodeTunnels(cluster.ChannelsOf(cluster.Identity(NodeRole.Manager, "m"))).Open(
        new Node(new NodeId("server"))
        {
            Spec = new NodeSpec(Annotations.Unnamed),
            Status = new NodeStatus(NodeState.Ready, "", ""),
            Description = new NodeDescription("n1", new Platform("x86_64", "linux"), new Resources(0, 0)) { PeerAddress = address ?? cluster.Address },
        });

    private sealed class Engine : V1.NodeEngine.NodeEngineBase
    {
        public override async Task Connect(IAsyncStreamReader<V1.EngineBytes> requestStream, IServerStreamWriter<V1.EngineBytes> responseStream, ServerCallContext context)
        {
            await foreach (V1.EngineBytes bytes in requestStream.ReadAllAsync(context.CancellationToken))
            {
                if (bytes.Data == ByteString.CopyFromUtf8("refuse"))
                {
                    throw new ClusterException(ErrorKind.Unavailable, "relays nothing");
                }

                await responseStream.WriteAsync(bytes, context.CancellationToken);
            }
        }
    }
}
