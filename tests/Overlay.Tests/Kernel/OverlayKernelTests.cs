namespace Skep.Overlay.Tests.Kernel;

[Collection("kernel")]
public sealed class OverlayKernelTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async Task InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Tasks_reach_each_other_across_nodes_with_their_own_addresses()
    {
        string t1 = (await _cluster.AddAsync("t1", 1, "10.0.1.11", null)).Path;
        await _cluster.AddAsync("t2", 1, "10.0.1.12", null);
        string t3 = (await _cluster.AddAsync("t3", 2, "10.0.1.13", null)).Path;
        Assert.Equal("t2 10.0.1.11", await Talk.OnceAsync(Lab, t1, Ipv4Address.Parse("10.0.1.12"), 80));
        Assert.Equal("t3 10.0.1.11", await Talk.OnceAsync(Lab, t1, Ipv4Address.Parse("10.0.1.13"), 80));
        Assert.Equal("t1 10.0.1.13", await Talk.OnceAsync(Lab, t3, Ipv4Address.Parse("10.0.1.11"), 80, udp: true));
    }

    [Fact]
    public async Task A_virtual_address_balances_and_comes_back_to_the_caller_itself()
    {
        await AddFourAsync();
        _cluster.Virtual["10.0.1.2"] = ["t2", "t3", "t4"];
        await _cluster.ApplyAsync();
        Ipv4Address vip = Ipv4Address.Parse("10.0.1.2");
        Assert.Equal("t2 10.0.1.11, t3 10.0.1.11, t4 10.0.1.11", await Talk.ManyAsync(Lab, _cluster.Tasks["t1"].Path, vip, 80));
        Assert.Equal("t2 10.0.1.1, t3 10.0.1.12, t4 10.0.1.12", await Talk.ManyAsync(Lab, _cluster.Tasks["t2"].Path, vip, 80));
        Assert.Equal("t2 10.0.1.11, t3 10.0.1.11, t4 10.0.1.11", await Talk.ManyAsync(Lab, _cluster.Tasks["t1"].Path, vip, 80, udp: true));

        _cluster.Virtual["10.0.1.2"] = [];
        await _cluster.ApplyAsync();
        Assert.Equal("ConnectionRefused", await Talk.OnceAsync(Lab, _cluster.Tasks["t1"].Path, vip, 80));
    }

    [Fact]
    public async Task A_leaving_backend_drains_and_a_dead_one_is_reset()
    {
        await AddFourAsync();
        _cluster.Virtual["10.0.1.2"] = ["t2", "t3", "t4"];
        await _cluster.ApplyAsync();
        Ipv4Address vip = Ipv4Address.Parse("10.0.1.2");
        string caller = _cluster.Tasks["t1"].Path;
        using Talk tcp = await OpenToAsync(caller, vip, "t3", udp: false);
        using Talk udp = await OpenToAsync(caller, vip, "t3", udp: true);

        _cluster.Tasks["t3"].State = EndpointState.Draining;
        await _cluster.ApplyAsync();
        Assert.StartsWith("t3", await tcp.AskAsync(), StringComparison.Ordinal);
        Assert.StartsWith("t3", await udp.AskAsync(), StringComparison.Ordinal);
        Assert.Equal("t2 10.0.1.11, t4 10.0.1.11", await Talk.ManyAsync(Lab, caller, vip, 80));

        Assert.True(await _cluster[1].DeleteFlowsAsync(TestCluster.Net, Ipv4Address.Parse("10.0.1.13"), CancellationToken.None));
        Assert.DoesNotContain("t3", await udp.AskAsync(), StringComparison.Ordinal);
        Assert.StartsWith("t3", await tcp.AskAsync(), StringComparison.Ordinal);

        _cluster.Tasks["t3"].State = EndpointState.Dead;
        await _cluster.ApplyAsync();
        var reset = await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => tcp.AskAsync());
        Assert.Contains(reset.SocketErrorCode, new[] { System.Net.Sockets.SocketError.ConnectionReset, System.Net.Sockets.SocketError.ConnectionRefused });
    }

    [Fact]
    public async Task A_task_cannot_send_with_another_tasks_address_nor_into_another_network()
    {
        TestCluster.TestTask t1 = await _cluster.AddAsync("t1", 1, "10.0.1.11", null);
        await _cluster.AddAsync("t4", 3, "10.0.1.14", null);
        TestCluster.TestTask other = await _cluster.AddAsync("o1", 1, null, null, serve: 0);
        other.Overlay2 = "10.0.2.11";
        await _cluster.ApplyAsync();
        using (var server = new WhoServer(Lab, other.Path, "o1", 80))
        {
            Assert.Contains(await Talk.OnceAsync(Lab, t1.Path, Ipv4Address.Parse("10.0.2.11"), 80, seconds: 1), new[] { "NetworkUnreachable", "timeout" });
        }

        Lab.AddAddressIn(t1.Path, "10.0.1.12", "eth0");
        Assert.Equal("timeout", await Talk.OnceFromAsync(Lab, t1.Path, Ipv4Address.Parse("10.0.1.12"), Ipv4Address.Parse("10.0.1.14"), 80));
        Assert.Equal("t4 10.0.1.11", await Talk.OnceFromAsync(Lab, t1.Path, Ipv4Address.Parse("10.0.1.11"), Ipv4Address.Parse("10.0.1.14"), 80));
    }

    [Fact]
    public async Task A_network_can_be_joined_and_left_while_the_task_runs()
    {
        TestCluster.TestTask t1 = await _cluster.AddAsync("t1", 1, "10.0.1.11", null);
        TestCluster.TestTask t3 = await _cluster.AddAsync("t3", 2, "10.0.1.13", null);
        t1.Overlay2 = "10.0.2.11";
        t3.Overlay2 = "10.0.2.13";
        await _cluster.ApplyAsync();
        Assert.Equal("t3 10.0.2.11", await Talk.OnceAsync(Lab, t1.Path, Ipv4Address.Parse("10.0.2.13"), 80));
        t1.Overlay2 = null;
        await _cluster.ApplyAsync();
        Assert.Equal("NetworkUnreachable", await Talk.OnceAsync(Lab, t1.Path, Ipv4Address.Parse("10.0.2.13"), 80));
        Assert.Equal("t3 10.0.1.11", await Talk.OnceAsync(Lab, t1.Path, Ipv4Address.Parse("10.0.1.13"), 80));
    }

    [Fact]
    public async Task An_encrypted_network_is_refused_and_not_sent_in_plain()
    {
        DesiredNetwork desired = _cluster.Desired(1);
        OverlayNetwork secret = desired.Networks[TestCluster.Net] with { IsEncrypted = true };
        await _cluster[1].ApplyAsync(desired, CancellationToken.None);
        ApplyReport report = await _cluster[1].ApplyAsync(desired with { Networks = desired.Networks.Set(TestCluster.Net, secret) }, CancellationToken.None);
        Assert.Contains("encrypted", report.Refused[TestCluster.Net], StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_cluster.RunDirectory(1), "net-4097")));
        Assert.True(File.Exists(Path.Combine(_cluster.RunDirectory(1), "net-4098")));
    }

    private async Task AddFourAsync()
    {
        await _cluster.AddAsync("t1", 1, "10.0.1.11", null);
        await _cluster.AddAsync("t2", 1, "10.0.1.12", null);
        await _cluster.AddAsync("t3", 2, "10.0.1.13", null);
        await _cluster.AddAsync("t4", 3, "10.0.1.14", null);
    }

    private async Task<Talk> OpenToAsync(string caller, Ipv4Address vip, string wanted, bool udp)
    {
        while (true)
        {
            Talk talk = await Talk.OpenAsync(Lab, caller, vip, 80, udp);
            if ((await talk.AskAsync()).StartsWith(wanted, StringComparison.Ordinal))
            {
                return talk;
            }

            talk.Dispose();
        }
    }
}

[CollectionDefinition("kernel", DisableParallelization = true)]
public sealed class KernelCollection;
