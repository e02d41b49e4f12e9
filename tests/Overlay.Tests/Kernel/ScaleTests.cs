using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>One node of a large cluster; figures in the output.</summary>
[Collection("kernel")]
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const int Peers = 100, Endpoints = 5_000;

    [Fact]
    public async Task A_node_of_a_large_cluster_changes_one_task_quickly()
    {
        using var lab = new Lab(1);
        var options = new OverlayOptions { RunDirectory = lab.PathOf("run1"), HostNamespace = lab.Node(1), SandboxPoolSize = 1 };
        NodeNetwork node = await NodeNetwork.OpenAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        DesiredNetwork large = Picture();
        double first = await MillisecondsAsync(async () => Assert.True((await node.ApplyAsync(large, CancellationToken.None)).Operations > Endpoints));
        double same = await MillisecondsAsync(async () => Assert.Equal(0, (await node.ApplyAsync(Picture(), CancellationToken.None)).Operations));
        Ipv4Address leaving = Ipv4Address.From(10, 0, 8, 8);
        DesiredNetwork without = large with { IngressEndpoints = large.IngressEndpoints.Set(leaving, large.IngressEndpoints[leaving] with { State = EndpointState.Draining }) };
        double drain = await MillisecondsAsync(async () => Assert.InRange((await node.ApplyAsync(without, CancellationToken.None)).Operations, 1, 6));
        await node.DisposeAsync();
        double adopt = 0;
        double open = await MillisecondsAsync(async () => node = await NodeNetwork.OpenAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None));
        adopt = await MillisecondsAsync(async () => Assert.Equal(0, (await node.ApplyAsync(without, CancellationToken.None)).Operations));
        output.WriteLine($"{Peers} peers, {Endpoints} published tasks: first apply {first:0} ms, an equal picture {same:0.0} ms, one task drained {drain:0.0} ms; restart: dump {open:0} ms, compare {adopt:0} ms");
        await node.TearDownAsync(CancellationToken.None);
        await node.DisposeAsync();
        Assert.True(drain < 1_000);
    }

    private static DesiredNetwork Picture()
    {
        NodeId Peer(int i) => new($"peer{i:000}");
        Ipv4Address Task(int i) => Ipv4Address.From(10, 0, 0, 0).Plus(2048 + i);
        return new DesiredNetwork
        {
            Self = new NodeAddressing(new NodeId("self"), Lab.NodeAddress(1), 1, Ipv4Address.From(10, 0, 0, 1), "self"),
            Peers = Enumerable.Range(2, Peers).ToValueMap(Peer, i => new PeerNode(Ipv4Address.From(192, 168, 50, (byte)(50 + i)), i, Ipv4Address.From(10, 0, 0, (byte)i))),
            Ingress = new IngressSegment(Ipv4Prefix.Parse("10.0.0.0/16"), 4096),
            IngressEndpoints = Enumerable.Range(0, Endpoints).ToValueMap(Task, i => new IngressEndpoint(Peer(2 + (i % Peers)), [new PublishedPort(PortProtocol.Tcp, 80)], EndpointState.Serving)),
            PublishedPorts = Enumerable.Range(0, 50).ToValueMap(s => new PublishedPort(PortProtocol.Tcp, 30_000 + s),
                s => Enumerable.Range(0, Endpoints / 50).Select(i => new PortBackend(Task((s * (Endpoints / 50)) + i), 80)).ToValueList()),
        };
    }

    private static async Task<double> MillisecondsAsync(Func<Task> action)
    {
        long started = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
