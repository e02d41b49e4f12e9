using System.Net.Sockets;

namespace Skep.Overlay.Tests.Kernel;

[Collection("kernel")]
public sealed class MeshKernelTests : IAsyncLifetime
{
    private const string Seen = "203.0.113.10";
    private static readonly PublishedPort Web = new(PortProtocol.Tcp, 8080), WebUdp = new(PortProtocol.Udp, 8080), One = new(PortProtocol.Tcp, 9090), OneUdp = new(PortProtocol.Udp, 9090);

    private TestCluster _cluster = null!;

    private Lab Lab => _cluster.Lab;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        await _cluster.AddAsync("a1", 1, null, "10.0.0.101", inIngress: true);
        await _cluster.AddAsync("a2", 2, null, "10.0.0.102", inIngress: true);
        await _cluster.AddAsync("b2", 2, null, "10.0.0.103", inIngress: true, serve: 9000);
        await _cluster.AddAsync("e3", 3, null, "172.18.0.2");
        _cluster.Published[Web] = _cluster.Published[WebUdp] = (80, ["a1", "a2"]);
        _cluster.Published[One] = _cluster.Published[OneUdp] = (9000, ["b2"]);
        await _cluster.ApplyAsync();
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task A_client_reaches_every_task_through_every_node_and_keeps_its_address()
    {
        for (int node = 1; node <= TestCluster.Nodes; node++)
        {
            Assert.Equal($"a1 {Seen}, a2 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(node), 8080));
            Assert.Equal($"a1 {Seen}, a2 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(node), 8080, udp: true));
            Assert.Equal($"b2 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(node), 9090, times: 3));
            Assert.Equal($"b2 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(node), 9090, udp: true, times: 3));
        }
    }

    [Fact]
    public async Task Nodes_and_tasks_reach_published_ports_too()
    {
        for (int node = 1; node <= TestCluster.Nodes; node++)
        {
            Ipv4Address own = Lab.NodeAddress(node);
            Assert.Equal($"a1 {own}, a2 {own}", await Talk.ManyAsync(Lab, Lab.Node(node), Ipv4Address.Loopback, 8080));
            Assert.Equal($"a1 {own}, a2 {own}", await Talk.ManyAsync(Lab, Lab.Node(node), own, 8080));
            Assert.Equal($"b2 {own}", await Talk.OnceAsync(Lab, Lab.Node(node), Ipv4Address.Loopback, 9090, udp: true));
        }
        Assert.Equal("a1 192.168.50.12, a2 10.0.0.11", await Talk.ManyAsync(Lab, Lab.Node(2), Lab.NodeAddress(1), 8080));
        string a1 = _cluster.Tasks["a1"].Path;
        Assert.Equal("a1 172.18.0.1, a2 10.0.0.11", await Talk.ManyAsync(Lab, a1, Lab.NodeAddress(1), 8080));
        Assert.Equal("a1 10.0.0.12, a2 192.168.50.11", await Talk.ManyAsync(Lab, a1, Lab.NodeAddress(2), 8080));
        Assert.Equal("a1 172.18.0.1, a2 10.0.0.11", await Talk.ManyAsync(Lab, a1, Ipv4Address.Parse("172.18.0.1"), 8080));
    }

    [Fact]
    public async Task Tasks_leave_with_their_nodes_address()
    {
        using var outside = new WhoServer(Lab, Lab.ClientPath, "out", 7000);
        Assert.Equal("out 192.168.50.11", await Talk.OnceAsync(Lab, _cluster.Tasks["a1"].Path, Lab.Client, 7000));
        Assert.Equal("out 192.168.50.13", await Talk.OnceAsync(Lab, _cluster.Tasks["e3"].Path, Lab.Client, 7000));
        Assert.Equal("out 192.168.50.12", await Talk.OnceAsync(Lab, _cluster.Tasks["b2"].Path, Lab.Client, 7000, udp: true));
    }

    [Fact]
    public async Task One_source_port_through_three_nodes_makes_three_connections()
    {
        var talks = new List<Talk>();
        for (int node = 1; node <= TestCluster.Nodes; node++)
        {
            talks.Add(await Talk.OpenAsync(Lab, Lab.ClientPath, Lab.NodeAddress(node), 9090, sourcePort: 40000));
        }

        for (int round = 0; round < 3; round++)
        {
            foreach (Talk talk in talks)
            {
                Assert.Equal($"b2 {Seen}", await talk.AskAsync());
            }
        }
        talks.ForEach(t => t.Dispose());
    }

    [Fact]
    public async Task A_leaving_task_drains_and_a_dead_one_is_reset()
    {
        Talk? open = null;
        while (open is null)
        {
            Talk talk = await Talk.OpenAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 8080);
            if ((await talk.AskAsync()).StartsWith("a2", StringComparison.Ordinal))
            {
                open = talk;
            }
            else
            {
                talk.Dispose();
            }
        }
        using Talk toA2 = open;
        Talk? datagrams = null;
        while (datagrams is null)
        {
            Talk talk = await Talk.OpenAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 8080, udp: true);
            if ((await talk.AskAsync()).StartsWith("a2", StringComparison.Ordinal))
            {
                datagrams = talk;
            }
            else
            {
                talk.Dispose();
            }
        }
        using Talk udpToA2 = datagrams;
        _cluster.Tasks["a2"].State = EndpointState.Draining;
        await _cluster.ApplyAsync();
        Assert.Equal($"a2 {Seen}", await toA2.AskAsync());
        Assert.Equal($"a2 {Seen}", await udpToA2.AskAsync());
        for (int node = 1; node <= TestCluster.Nodes; node++)
        {
            Assert.True(await _cluster[node].DeleteFlowsAsync(null, Ipv4Address.Parse("10.0.0.102"), CancellationToken.None));
        }

        Assert.Equal($"a1 {Seen}", await udpToA2.AskAsync());
        Assert.Equal($"a1 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 8080, times: 12));
        _cluster.Tasks["a2"].State = EndpointState.Dead;
        await _cluster.ApplyAsync();
        var reset = await Assert.ThrowsAsync<SocketException>(() => toA2.AskAsync());
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task A_port_without_backends_is_refused_at_once()
    {
        _cluster.Published[Web] = (80, []);
        await _cluster.ApplyAsync();
        Assert.Equal("ConnectionRefused", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 8080));
        Assert.Equal("ConnectionRefused", await Talk.OnceAsync(Lab, Lab.Node(1), Ipv4Address.Loopback, 8080));
    }

    [Fact]
    public async Task A_port_in_host_mode_leads_to_the_local_task_only()
    {
        _cluster.Tasks["e3"].HostPorts.Add(new HostPort(new PublishedPort(PortProtocol.Tcp, 5000), 80));
        _cluster.Tasks["e3"].HostPorts.Add(new HostPort(new PublishedPort(PortProtocol.Udp, 5000), 80));
        await _cluster.ApplyAsync();
        using var server = new WhoServer(Lab, _cluster.Tasks["e3"].Path, "e3x", 81);
        Assert.Equal($"e3 {Seen}", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 5000));
        Assert.Equal($"e3 {Seen}", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 5000, udp: true));
        Assert.Equal("e3 192.168.50.13", await Talk.OnceAsync(Lab, Lab.Node(3), Ipv4Address.Loopback, 5000));
        Assert.Equal("ConnectionRefused", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 5000));
    }

    [Fact]
    public async Task A_port_that_a_program_of_the_host_listens_on_stays_the_programs_until_it_ends()
    {
        var tcp = new PublishedPort(PortProtocol.Tcp, 7070);
        var udp = new PublishedPort(PortProtocol.Udp, 7070);
        using (var program = new WhoServer(Lab, Lab.Node(1), "sshd", 7070))
        {
            _cluster.Published[tcp] = _cluster.Published[udp] = (80, ["a1", "a2"]);
            await _cluster.ApplyAsync();
            Assert.Equal($"sshd {Seen}", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 7070));
            Assert.Equal($"sshd {Seen}", await Talk.OnceAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 7070, udp: true));
            Assert.Equal("sshd 127.0.0.1", await Talk.OnceAsync(Lab, Lab.Node(1), Ipv4Address.Loopback, 7070));
            Assert.Equal($"a1 {Seen}, a2 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(2), 7070));

            ApplyReport report = await _cluster[1].ApplyAsync(_cluster.Desired(1), CancellationToken.None);
            Assert.Equal([new BoundPort(Ipv4Address.Any, tcp), new BoundPort(Ipv4Address.Any, udp)], report.HeldPorts);
            Assert.NotNull(report.AgainIn);
        }

        await _cluster.ApplyAsync();
        Assert.Equal($"a1 {Seen}, a2 {Seen}", await Talk.ManyAsync(Lab, Lab.ClientPath, Lab.NodeAddress(1), 7070));
        Assert.Empty((await _cluster[1].ApplyAsync(_cluster.Desired(1), CancellationToken.None)).HeldPorts);
    }

    [Fact]
    public async Task A_client_in_a_subnet_of_the_tasks_overlay_is_answered()
    {
        _cluster.Tasks["b2"].Overlay2 = "10.0.2.7";
        await _cluster.ApplyAsync();
        Lab.AddAddress("cl", "10.0.2.99", 32, "eth0");
        Lab.AddRoute("sw", "10.0.2.99/32", "203.0.113.10", "tocl");
        for (int node = 1; node <= TestCluster.Nodes; node++)
        {
            Assert.Equal("b2 10.0.2.99", await Talk.OnceFromAsync(Lab, Lab.ClientPath, Ipv4Address.Parse("10.0.2.99"), Lab.NodeAddress(node), 9090));
        }
    }

    [Fact]
    public async Task Tasks_and_strangers_reach_only_what_they_may()
    {
        foreach (int node in (int[])[1, 2])
        {
            _cluster.Servers.Add(new WhoServer(Lab, Lab.Node(node), "mgr", 2377));
        }

        string a1 = _cluster.Tasks["a1"].Path;
        Assert.Equal("timeout", await Talk.OnceAsync(Lab, a1, Lab.NodeAddress(1), 2377, seconds: 1));
        Assert.Equal("timeout", await Talk.OnceAsync(Lab, a1, Ipv4Address.Parse("172.18.0.1"), 2377, seconds: 1));
        Assert.Equal("timeout", await Talk.OnceAsync(Lab, a1, Lab.NodeAddress(2), 2377, seconds: 1));
        Assert.Equal("mgr 192.168.50.11", await Talk.OnceAsync(Lab, Lab.Node(1), Lab.NodeAddress(2), 2377));
        Assert.Equal("timeout", await Talk.OnceAsync(Lab, a1, Ipv4Address.Parse("10.0.0.102"), 80, seconds: 1)); // another task, not by its port
        Lab.AddRoute("sw", "10.0.0.0/24", "192.168.50.12", "br0");
        Assert.Equal("timeout", await Talk.OnceAsync(Lab, Lab.ClientPath, Ipv4Address.Parse("10.0.0.103"), 9000, seconds: 1));
        using var hidden = new WhoServer(Lab, _cluster.Tasks["b2"].Path, "hidden", 81);
        Assert.Equal("timeout", await Talk.OnceAsync(Lab, Lab.Node(1), Ipv4Address.Parse("10.0.0.103"), 81, seconds: 1)); // a peer, a port that is not published
    }

    [Fact]
    public async Task Tunnel_packets_come_from_nodes_only()
    {
        Lab.RunNft("n2", "table ip probe { counter c { }; chain p { type filter hook prerouting priority 0; iifname \"skep-mesh\" counter name c; }; }");
        await SendFrameAsync(Lab.ClientPath);
        await SendFrameAsync(_cluster.Tasks["a1"].Path);
        await SendFrameAsync(_cluster.Tasks["a2"].Path);
        Assert.Contains("\"packets\": 0", Lab.ListNft("n2", "list counters"), StringComparison.Ordinal);
        await SendFrameAsync(Lab.Node(1));
        await Limits.EventuallyAsync(() => Lab.ListNft("n2", "list counters")!.Contains("\"packets\": 1", StringComparison.Ordinal), "the frame of a node arrives");
    }

    [Fact]
    public async Task Large_packets_pass()
    {
        using Talk tcp = await Talk.OpenAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 9090);
        Assert.Equal($"b2 {Seen}", (await tcp.AskAsync(bytes: 20_000))[..$"b2 {Seen}".Length]);
        using Talk udp = await Talk.OpenAsync(Lab, Lab.ClientPath, Lab.NodeAddress(3), 9090, udp: true);
        Assert.Equal($"b2 {Seen}", await udp.AskAsync(bytes: 4_000));
    }

    /// <summary>One VXLAN frame to node 2, as if node 1's mesh device had sent an echo request to a2.</summary>
    private async Task SendFrameAsync(string from)
    {
        byte[] ip = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 203, 0, 113, 10, 10, 0, 0, 102];
        Checksum(ip).CopyTo(ip, 10);
        byte[] echo = [8, 0, 0, 0, 0, 1, 0, 1];
        Checksum(echo).CopyTo(echo, 2);
        byte[] frame = [8, 0, 0, 0, 0, 0x10, 0, 0, 2, 0x53, 0x58, 0, 0, 2, 2, 0x53, 0x58, 0, 0, 1, 8, 0, .. ip, .. echo];
        using Socket socket = Dns.DnsServer.Wrap(Lab.OpenSocket(from, Namespaces.NamespaceCalls.SockDgram));
        await socket.SendToAsync(frame, new System.Net.IPEndPoint(Lab.NodeAddress(2).ToIPAddress(), 4789));
    }

    private static byte[] Checksum(byte[] data)
    {
        int sum = 0;
        for (int i = 0; i < data.Length; i += 2)
        {
            sum += (data[i] << 8) | data[i + 1];
        }

        sum = (sum & 0xffff) + (sum >> 16);
        sum = ~((sum & 0xffff) + (sum >> 16));
        return [(byte)(sum >> 8), (byte)sum];
    }
}
