using Skep.Overlay.Netlink;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Tests.Kernel;

[Collection("kernel")]
public sealed class RestartKernelTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        await _cluster.AddAsync("t1", 1, "10.0.1.11", "10.0.0.101", inIngress: true);
        await _cluster.AddAsync("t2", 1, "10.0.1.12", "172.18.0.3");
        await _cluster.AddAsync("t3", 2, "10.0.1.13", "10.0.0.103", inIngress: true);
        _cluster.Virtual["10.0.1.2"] = ["t1", "t2", "t3"];
        _cluster.Virtual["10.0.1.3"] = [];
        _cluster.Published[new PublishedPort(PortProtocol.Tcp, 8080)] = (80, ["t1", "t3"]);
        _cluster.Published[new PublishedPort(PortProtocol.Udp, 8081)] = (80, []);
        _cluster.Tasks["t2"].HostPorts.Add(new HostPort(new PublishedPort(PortProtocol.Tcp, 5000), 80));
        await _cluster.ApplyAsync();
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task The_same_picture_again_changes_nothing()
    {
        ApplyReport report = await _cluster[1].ApplyAsync(_cluster.Desired(1), CancellationToken.None);
        Assert.Equal(0, report.Operations);
    }

    [Fact]
    public async Task A_new_run_adopts_everything_and_open_connections_live_on()
    {
        using Talk talk = await Talk.OpenAsync(Lab, _cluster.Tasks["t2"].Path, Ipv4Address.Parse("10.0.1.2"), 80);
        string first = await talk.AskAsync();
        await _cluster[1].DisposeAsync();
        Assert.Equal(first, await talk.AskAsync());

        NodeNetwork again = await _cluster.OpenAsync(1);
        ApplyReport report = await again.ApplyAsync(_cluster.Desired(1), CancellationToken.None);
        Assert.Equal(0, report.Operations);
        Assert.Equal(_cluster.Tasks["t1"].Path, await again.CreateSandboxAsync(_cluster.Tasks["t1"].Id, CancellationToken.None));
        Assert.Equal(first, await talk.AskAsync());
    }

    [Fact]
    public async Task A_new_run_removes_what_is_no_longer_wanted()
    {
        await _cluster[1].DisposeAsync();
        _cluster.Tasks.Remove("t1");
        _cluster.Servers[0].Dispose(); // its sockets keep the namespace
        _cluster.Virtual["10.0.1.2"] = ["t2", "t3"];
        _cluster.Virtual.Remove("10.0.1.3");
        _cluster.Published.Remove(new PublishedPort(PortProtocol.Udp, 8081));
        _cluster.Published[new PublishedPort(PortProtocol.Tcp, 8080)] = (80, ["t3"]);
        NodeNetwork again = await _cluster.OpenAsync(1);
        DesiredNetwork without = _cluster.Desired(1);
        without = without with { Networks = without.Networks.Remove(TestCluster.Net2), Peers = without.Peers.Remove(TestCluster.NodeIdOf(3)) };
        Assert.NotEqual(0, (await again.ApplyAsync(without, CancellationToken.None)).Operations);
        Assert.False(File.Exists(Path.Combine(_cluster.RunDirectory(1), "net-4098")));
        Assert.Equal(2, Directory.GetFiles(_cluster.RunDirectory(1), "*task*").Length + Directory.GetFiles(_cluster.RunDirectory(1), "net-*").Length); // t2, net-4097
        Assert.Equal("t3 203.0.113.10", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 8080, times: 8));
        await again.DisposeAsync();
        await Limits.EventuallyAsync(() => Lab.Dump("n1").Links.Count(l => l.Group == VethLink.Group) == 1, "the task's link goes with its namespace");
        again = await _cluster.OpenAsync(1);
        Assert.Equal(0, (await again.ApplyAsync(without, CancellationToken.None)).Operations);
    }

    [Fact]
    public async Task A_network_that_went_can_come_back_at_once()
    {
        DesiredNetwork with = _cluster.Desired(1), without = with with { Networks = with.Networks.Remove(TestCluster.Net2) };
        var log = new CapturingLogger();
        await _cluster[1].DisposeAsync();
        await using (NodeNetwork again = await NodeNetwork.OpenAsync(_cluster.Options(1), TimeProvider.System, log, CancellationToken.None))
        {
            for (int round = 0; round < 5; round++)
            {
                await again.ApplyAsync(without, CancellationToken.None);
                await again.ApplyAsync(with, CancellationToken.None);
            }
        }

        Assert.DoesNotContain(log.Lines, l => l.Contains("network change failed", StringComparison.Ordinal));
        await _cluster.OpenAsync(1);
    }

    [Fact]
    public async Task What_somebody_removed_behind_our_back_is_made_again_by_the_next_run()
    {
        await _cluster[1].DisposeAsync();
        Lab.RunNft("n1", "delete table ip skep_mesh");
        NodeNetwork again = await _cluster.OpenAsync(1);
        Assert.NotEqual(0, (await again.ApplyAsync(_cluster.Desired(1), CancellationToken.None)).Operations);
        Assert.Equal("t1 203.0.113.10, t3 203.0.113.10", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 8080));
    }

    [Fact]
    public async Task A_change_that_meets_an_unexpected_kernel_reads_it_again_and_heals_it()
    {
        Lab.RunNft(Path.Combine(_cluster.RunDirectory(1), "net-4097"), "delete table ip skep_net");
        _cluster.Virtual["10.0.1.2"] = ["t1", "t3"];
        await _cluster.ApplyAsync();
        Assert.Equal("t1 10.0.1.12, t3 10.0.1.12", await Talk.ManyAsync(Lab, _cluster.Tasks["t2"].Path, Ipv4Address.Parse("10.0.1.2"), 80));
    }

    [Fact]
    public async Task A_foreign_forward_policy_of_drop_is_told()
    {
        await _cluster[1].DisposeAsync();
        Lab.RunNft("n1", "table ip filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }");
        var log = new CapturingLogger();
        await using (NodeNetwork again = await NodeNetwork.OpenAsync(_cluster.Options(1), TimeProvider.System, log, CancellationToken.None))
        {
            Assert.Contains(log.Lines, l => l.Contains("ip filter FORWARD drops forwarded packets", StringComparison.Ordinal));
        }

        await _cluster.OpenAsync(1);
    }

    [Fact]
    public async Task A_node_may_change_its_underlay_address()
    {
        Lab.AddAddress("n2", "192.168.50.32", 24, "eth0");
        DesiredNetwork moved = _cluster.Desired(2) with { Self = _cluster.Desired(2).Self with { Underlay = Ipv4Address.Parse("192.168.50.32") } };
        await _cluster[2].ApplyAsync(moved, CancellationToken.None);
        foreach (int node in (int[])[1, 3])
        {
            DesiredNetwork desired = _cluster.Desired(node);
            PeerNode peer = desired.Peers[TestCluster.NodeIdOf(2)] with { Underlay = Ipv4Address.Parse("192.168.50.32") };
            await _cluster[node].ApplyAsync(desired with { Peers = desired.Peers.Set(TestCluster.NodeIdOf(2), peer) }, CancellationToken.None);
        }
        Assert.Equal("t3 10.0.1.11", await Talk.OnceAsync(Lab, _cluster.Tasks["t1"].Path, Ipv4Address.Parse("10.0.1.13"), 80));
        Assert.Equal("t1 203.0.113.10, t3 203.0.113.10", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 8080));
    }

    [Fact]
    public async Task An_address_is_given_to_a_new_task_at_once()
    {
        await _cluster[1].RemoveSandboxAsync(_cluster.Tasks["t2"].Id, CancellationToken.None);
        _cluster.Tasks.Remove("t2");
        _cluster.Virtual["10.0.1.2"] = ["t1"];
        await _cluster.AddAsync("t5", 1, "10.0.1.12", "172.18.0.3");
        Assert.Equal("t5 10.0.1.13", await Talk.OnceAsync(Lab, _cluster.Tasks["t3"].Path, Ipv4Address.Parse("10.0.1.12"), 80));
    }

    [Fact]
    public async Task Nothing_is_left_after_tear_down()
    {
        RouteDump before = Lab.Dump("n1");
        Assert.Contains(before.Links, l => l.Name == "skep-mesh");
        await _cluster[1].TearDownAsync(CancellationToken.None);
        Assert.False(Directory.Exists(_cluster.RunDirectory(1)));
        RouteDump after = Lab.Dump("n1");
        Assert.Equal(["eth0", "lo"], after.Links.Where(l => l.Kind != "bridge" && l.Group == 0).Select(l => l.Name).Order());
        Assert.DoesNotContain(after.Links, l => l.Group == VethLink.Group);
        Assert.DoesNotContain(after.Objects, o => o is Route or PolicyRule);
        Assert.DoesNotContain("skep", Lab.ListNft("n1", "list tables"), StringComparison.Ordinal);
        Assert.DoesNotContain(_cluster.RunDirectory(1), File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
        Assert.Equal("ConnectionRefused", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 8080));
    }

    [Fact]
    public async Task Tasks_that_come_and_go_leave_no_descriptor_mount_or_link()
    {
        static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
        async Task ComeAndGoAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                TestCluster.TestTask task = await _cluster.AddAsync($"g{i}", 1, "10.0.1.40", "172.18.0.40", serve: 0);
                _cluster.Tasks.Remove(task.Name);
                await _cluster.ApplyAsync();
                await _cluster[1].RemoveSandboxAsync(task.Id, CancellationToken.None);
            }
        }
        await ComeAndGoAsync(5);
        int before = Descriptors();
        await ComeAndGoAsync(60);
        await Limits.EventuallyAsync(() => Descriptors() <= before + 12, "descriptors are closed"); // the pool may be fuller
        await Limits.EventuallyAsync(() => Lab.Dump("n1").Links.Count(l => l.Group == VethLink.Group) == 2, "links die with their namespaces");
        Assert.InRange(File.ReadLines("/proc/self/mounts").Count(l => l.Contains(_cluster.RunDirectory(1), StringComparison.Ordinal)), 4, 6);
    }

    [Fact]
    public void Every_thread_is_in_the_home_namespace()
    {
        string home = new FileInfo("/proc/self/ns/net").LinkTarget!;
        foreach (string task in Directory.GetDirectories("/proc/self/task"))
        {
            Assert.Equal(home, new FileInfo(Path.Combine(task, "ns/net")).LinkTarget ?? home);
        }
    }
}
