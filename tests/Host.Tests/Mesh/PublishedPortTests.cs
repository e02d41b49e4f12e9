using System.Diagnostics;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Mesh;

/// <summary>One published port, every node, the client's own address.</summary>
public sealed class PublishedPortTests : ClusterFacts
{
    private static readonly string UdpClient = """
        use IO::Socket::INET; my ($at, $times) = @ARGV;
        for (1 .. $times) {
            my $s = IO::Socket::INET->new(PeerAddr => $at, Proto => 'udp') or die $!;
            my $answer = '';
            for (1 .. 3) { $s->send('who'); my $in = ''; vec($in, fileno $s, 1) = 1; if (select $in, undef, undef, 1) { $s->recv($answer, 1500); last } }
            print length $answer ? $answer : "nothing\n";
        }
        """;

    [Fact]
    public Task Every_node_answers_by_different_containers_in_turn_and_they_see_the_client() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("web", "--replicas", "3", "-p", $"{port}:80");
        await UntilRunningAsync(web, 3);
        foreach (int node in new[] { 1, 2, 3 })
        {
            await UntilAnsweredByAsync(node, 3, () => TcpAsync(node, port, 9));
        }
    });

    [Fact]
    public Task Every_node_answers_datagrams_by_different_containers_and_they_see_the_client() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("dgram", "--replicas", "3", "-p", $"{port}:80/udp");
        await UntilRunningAsync(web, 3);
        foreach (int node in new[] { 1, 2, 3 })
        {
            await UntilAnsweredByAsync(node, 2, () => UdpAsync(node, port, 12));
        }
    });

    [Fact]
    public Task A_port_that_a_program_of_a_node_has_stays_the_programs_and_is_named() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web;
        using (Process program = await ListenAsync(node: 2, port))
        {
            web = await ServiceAsync("held", "--constraint", "node.hostname==n2", "-p", $"{port}:80");
            await UntilRunningAsync(web, 1);
            await UntilAnsweredByAsync(1, 1, () => TcpAsync(1, port, 2));
            await Eventually.BecomesAsync(
                async () =>
                {
                    string told = (await Cluster.DockerAsync(1, "service", "ps", web, "--format", "{{.Error}}", "--no-trunc")).Succeeded().Out + (await Cluster.SkepAsync(1, "service", "why", web)).Succeeded().Out;
                    return told.Contains($"port {port}/tcp is held by a program of this node", StringComparison.Ordinal) && told.Contains($"port {port}/tcp is held by a program of node n2", StringComparison.Ordinal) ? null : told;
                },
                TimeSpan.FromSeconds(20));
            Assert.Contains("of the host", (await Cluster.InNodeAsync(0, "curl", "-sS", "-m", "3", $"http://{Cluster.AddressOf(2)}:{port}/")).Out, StringComparison.Ordinal);

            program.Kill();
            await program.WaitForExitAsync();
        }

        await UntilAnsweredByAsync(2, 1, () => TcpAsync(2, port, 2));
    });

    [Fact]
    public Task A_task_that_wants_a_port_of_its_node_which_a_program_has_fails_and_says_so() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        using Process program = await ListenAsync(node: 2, port);
        string refused = await ServiceAsync("refused", "--constraint", "node.hostname==n2", "--publish", $"mode=host,published={port},target=80", "--restart-condition", "none");
        await Eventually.BecomesAsync(
            async () => (await Cluster.DockerAsync(1, "service", "ps", refused, "--format", "{{.Error}}", "--no-trunc")).Succeeded().Out is var error && error.Contains("address already in use", StringComparison.Ordinal) ? null : error,
            TimeSpan.FromSeconds(20));
        program.Kill();
        await program.WaitForExitAsync();
    });

    [Fact]
    public Task A_node_without_a_task_answers_too() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("lone", "--constraint", "node.hostname==n2", "-p", $"{port}:80", "-p", $"{port}:80/udp");
        await UntilRunningAsync(web, 1);
        foreach (int node in new[] { 1, 2, 3 })
        {
            await UntilAnsweredByAsync(node, 1, () => TcpAsync(node, port, 2));
            await UntilAnsweredByAsync(node, 1, () => UdpAsync(node, port, 2));
        }
    });

    [Fact]
    public Task A_node_reaches_the_port_on_its_own_address_and_on_another_nodes() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("inner", "--constraint", "node.hostname==n2", "-p", $"{port}:80");
        await UntilRunningAsync(web, 1);
        foreach ((int from, int to) in new[] { (1, 1), (1, 2), (1, 3), (2, 2), (3, 1) })
        {
            await Eventually.BecomesAsync(
                async () => (await Cluster.InNodeAsync(from, "curl", "-sS", "-m", "3", $"http://{Cluster.AddressOf(to)}:{port}/who")) is { Code: 0 } ? null : $"no answer for n{from} at n{to}",
                TimeSpan.FromSeconds(10));
        }
    });

    [Fact]
    public Task A_port_in_host_mode_is_answered_where_the_task_runs_and_nowhere_else() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("onhost", "--constraint", "node.hostname==n3", "--publish", $"mode=host,published={port},target=80");
        await UntilRunningAsync(web, 1);
        await UntilAnsweredByAsync(3, 1, () => TcpAsync(3, port, 1));
        Assert.NotEqual(0, (await Cluster.InNodeAsync(0, "curl", "-sS", "-m", "2", $"http://{Cluster.AddressOf(1)}:{port}/who")).Code);
    });

    [Fact]
    public Task A_port_that_no_one_chose_is_taken_from_the_range_and_works() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("auto", "-p", "80");
        await UntilRunningAsync(web, 1);
        using EngineClient engine = Cluster.Engine(1);
        int port = (int)(await engine.GetAsync($"services/{web}"))!["Endpoint"]!["Ports"]![0]!["PublishedPort"]!;
        Assert.InRange(port, 30000, 32767);
        Assert.EndsWith(TestCluster.ClientAddress, await AskAsync(2, port, "/who"));
    });

    /// <summary>Waits for so many different containers; all must see the client's own address from the first answer on.</summary>
    private async Task UntilAnsweredByAsync(int node, int containers, Func<Task<string[]>> ask)
    {
        var hosts = new HashSet<string>(StringComparer.Ordinal);
        await Eventually.BecomesAsync(
            async () =>
            {
                foreach (string answer in await ask())
                {
                    if (answer.Split(' ') is [var host, var client])
                    {
                        Assert.Equal(TestCluster.ClientAddress, client);
                        hosts.Add(host);
                    }
                }

                return hosts.Count >= containers ? null : $"n{node} was answered by {hosts.Count} of {containers} containers";
            },
            TimeSpan.FromSeconds(20));
    }

    /// <summary>A program of the node itself, which answers every connection.</summary>
    private async Task<Process> ListenAsync(int node, int port)
    {
        const string program = """
            $| = 1; my $l = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!; print "listens\n";
            while (my $c = $l->accept) { sysread $c, my $in, 4096; print $c "HTTP/1.0 200 OK\r\n\r\nof the host\n"; close $c }
            """;
        var process = Process.Start(new ProcessStartInfo("nsenter", [$"--net={Cluster.NamespaceOf(node)}", "perl", "-MIO::Socket::INET", "-e", program, $"{port}"]) { RedirectStandardOutput = true })!;
        Assert.Equal("listens", await process.StandardOutput.ReadLineAsync());
        return process;
    }

    private async Task<string[]> TcpAsync(int node, int port, int times)
        => (await Cluster.InNodeAsync(0, ["curl", "-s", "-m", "3", .. Enumerable.Repeat($"http://{Cluster.AddressOf(node)}:{port}/who", times)])).Lines;

    private async Task<string[]> UdpAsync(int node, int port, int times)
        => (await Cluster.InNodeAsync(0, "perl", "-e", UdpClient, $"{Cluster.AddressOf(node)}:{port}", $"{times}")).Lines;
}
