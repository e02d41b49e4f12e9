using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Engine.Containers;
using Skep.Overlay;
using Skep.Worker.Tests.Support;

namespace Skep.Worker.Tests;

/// <summary>The agent with the real Overlay room, in a network namespace of our own.</summary>
[Collection("containerd")]
public sealed class NetworkedTaskTests(ContainerdFixture fixture)
{
    [Fact]
    public async Task Tasks_find_each_other_by_name_also_after_the_agent_was_replaced()
    {
        string ns = $"skt-wrk-{Environment.ProcessId}";
        await IpAsync("netns", "add", ns);
        try
        {
            await IpAsync("-n", ns, "link", "set", "lo", "up");
            await IpAsync("-n", ns, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0p");
            await IpAsync("-n", ns, "addr", "add", "192.168.77.1/24", "dev", "eth0");
            await IpAsync("-n", ns, "link", "set", "eth0p", "up");
            await IpAsync("-n", ns, "link", "set", "eth0", "up");
            var options = new OverlayOptions { RunDirectory = Path.Combine(fixture.Daemon.Root, "netns"), HostNamespace = $"/run/netns/{ns}", SandboxPoolSize = 1 };
            await using TestNode node = await TestNode.StartAsync(
                fixture.Daemon, network: () => NodeNetwork.OpenAsync(options, TimeProvider.System, NullLogger.Instance, CancellationToken.None));
            var net = new NetworkId("net1");
            var web = new ServiceId("svc1");
            SwarmTask server = node.Shell("trap 'exit 0' TERM; while true; do cat /data/seed | /bin/busybox nc -l -p 80 & wait; done") with { Networks = [new NetworkAttachment(net, Ipv4Address.Parse("10.0.1.5"), 24)] };
            node.Manager.Put(
                new AssignmentItem.Peer(node.Self, "h", 1, "192.168.77.1", "", ValueMap<NetworkId, Ipv4Address>.Empty.Set(net, Ipv4Address.Parse("10.0.1.2")), true),
                new AssignmentItem.NetworkInfo(new Network(net)
                {
                    Spec = new NetworkSpec(new Annotations("backend")) { Driver = new Driver("overlay") },
                    Allocation = new NetworkAllocation(4097, Ipv4Prefix.Parse("10.0.1.0/24"), Ipv4Address.Parse("10.0.1.1")),
                }),
                new AssignmentItem.ServiceRecord(web, "web", new ServiceEndpoint(EndpointMode.Vip) { VirtualIps = [new VirtualIp(net, Ipv4Address.Parse("10.0.1.100"))] }),
                new AssignmentItem.TaskEndpoint(net, server.Id, web, server.Name, node.Self, Ipv4Address.Parse("10.0.1.5"), EndpointState.Serving, []),
                new AssignmentItem.TaskAssignment(server));
            await node.Manager.WaitAsync(server.Id, TaskState.Running);
            await AskAsync(node, net, "10.0.1.6");
            await node.CloseAsync();
            await node.OpenAsync();
            await AskAsync(node, net, "10.0.1.7");
            LocalContainer seen = await node.Agent.Local.InspectContainerAsync(server.Name, CancellationToken.None);
            Assert.Equal(ContainerState.Running, seen.State);
            node.Manager.Put(server with { DesiredState = TaskState.Shutdown });
            await node.Manager.WaitAsync(server.Id, TaskState.Shutdown);
            node.Manager.Remove(server.Id);
            await node.Network!.TearDownAsync(CancellationToken.None);
        }
        finally
        {
            await IpAsync("netns", "del", ns);
        }
    }

    private static async Task AskAsync(TestNode node, NetworkId net, string address)
    {
        SwarmTask client = node.Shell("for i in 1 2 3 4 5; do /bin/busybox nslookup web 127.0.0.11 | grep -o 10.0.1.100 | head -n 1; /bin/busybox nc -w 2 10.0.1.100 80 < /dev/null && break; sleep 0.2; done; cat /etc/resolv.conf") with
        {
            Networks = [new NetworkAttachment(net, Ipv4Address.Parse(address), 24)],
            ServiceAnnotations = new Annotations("client"),
        };
        node.Manager.Put(new AssignmentItem.TaskEndpoint(net, client.Id, new ServiceId("svc2"), client.Name, node.Self, Ipv4Address.Parse(address), EndpointState.Serving, []), new AssignmentItem.TaskAssignment(client));
        await node.Manager.WaitAsync(client.Id, s => s.State > TaskState.Running, "ended");
        // A static program of glibc cannot look names up by itself: nslookup asks the server named.
        Assert.Equal(["10.0.1.100", "seeded", "nameserver 127.0.0.11", "options ndots:0"], await node.OutputAsync(client.Id));
    }

    private static async Task IpAsync(params string[] arguments)
    {
        using Process ip = Process.Start("ip", arguments);
        await ip.WaitForExitAsync();
        Assert.Equal(0, ip.ExitCode);
    }
}
