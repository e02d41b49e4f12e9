using System.Net;
using System.Net.Sockets;
using Skep.Overlay.Dns;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Tests.Kernel;

[Collection("kernel")]
public sealed class DnsKernelTests : IAsyncLifetime
{
    private static readonly IPEndPoint Resolver = new(IPAddress.Parse("127.0.0.11"), 53);
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        await _cluster.AddAsync("t1", 1, "10.0.1.11", "172.18.0.2", serve: 0);
        await _cluster.AddAsync("in1", 1, "10.0.1.12", null, serve: 0);
        _cluster.Names["web"] = ["10.0.1.2"];
        _cluster.Names["tasks.web"] = [.. Enumerable.Range(20, 40).Select(i => $"10.0.1.{i}")];
        await _cluster.ApplyAsync();
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Names_of_the_tasks_networks_are_answered(bool stream)
    {
        foreach (string name in (string[])["web", "WEB", "web.front"])
        {
            byte[] answer = await AskAsync("t1", name, DnsQuestion.A, stream);
            Assert.Equal((DnsCode.NoError, 1), Head(answer));
            Assert.Equal([10, 0, 1, 2], answer[^4..]);
            Assert.Equal([0, 0, 2, 0x58], answer[^10..^6]); // 600 s
        }
        Assert.Equal((DnsCode.NoError, 0), Head(await AskAsync("t1", "web", DnsQuestion.Aaaa, stream)));
        Assert.Equal((DnsCode.NoError, 1), Head(await AskAsync("t1", "11.1.0.10.in-addr.arpa", DnsQuestion.Ptr, stream)));
    }

    [Fact]
    public async Task Long_answers_are_cut_over_udp_and_whole_over_tcp()
    {
        byte[] cut = await AskAsync("t1", "tasks.web", DnsQuestion.A, stream: false);
        Assert.True((cut[2] & 2) != 0 && cut.Length <= 512);
        Assert.Equal((DnsCode.NoError, 40), Head(await AskAsync("t1", "tasks.web", DnsQuestion.A, stream: true)));
    }

    [Fact]
    public async Task An_application_may_have_port_53_for_itself()
    {
        string path = _cluster.Tasks["t1"].Path;
        using var app = new WhoServer(_cluster.Lab, path, "app", 53);
        Assert.Equal((DnsCode.NoError, 1), Head(await AskAsync("t1", "web", DnsQuestion.A, stream: false)));
        Assert.Equal((DnsCode.NoError, 1), Head(await AskAsync("t1", "web", DnsQuestion.A, stream: true)));
        Assert.Equal("app 10.0.1.11", await Talk.OnceAsync(_cluster.Lab, path, Ipv4Address.Parse("10.0.1.11"), 53));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Other_names_are_asked_of_the_hosts_resolver_from_the_task(bool stream)
    {
        var asked = new TaskCompletionSource<string>();
        using Socket udp = DnsServer.Wrap(_cluster.Lab.OpenSocket(_cluster.Lab.ClientPath, NamespaceCalls.SockDgram));
        using Socket tcp = DnsServer.Wrap(_cluster.Lab.OpenSocket(_cluster.Lab.ClientPath, NamespaceCalls.SockStream));
        udp.Bind(new IPEndPoint(IPAddress.Any, 53));
        tcp.Bind(new IPEndPoint(IPAddress.Any, 53));
        tcp.Listen();
        Task upstream = stream ? AnswerStreamAsync(tcp, asked) : AnswerAsync(udp, asked);
        byte[] answer = await AskAsync("t1", "example.org", DnsQuestion.A, stream);
        await upstream;
        Assert.Equal((DnsCode.NoError, 1), Head(answer));
        Assert.Equal([192, 0, 2, 7], answer[^4..]);
        Assert.Equal("192.168.50.11", await asked.Task); // the task's egress leaves with its node's address
    }

    [Fact]
    public async Task Tasks_on_internal_networks_only_are_refused_other_names() =>
        Assert.Equal((DnsCode.Refused, 0), Head(await AskAsync("in1", "example.org", DnsQuestion.A, stream: false)));

    [Fact]
    public async Task Names_work_after_a_restart()
    {
        await _cluster[1].DisposeAsync();
        await _cluster.OpenAsync(1);
        await _cluster.ApplyAsync();
        Assert.Equal((DnsCode.NoError, 1), Head(await AskAsync("t1", "web", DnsQuestion.A, stream: false)));
        Assert.Equal((DnsCode.NoError, 1), Head(await AskAsync("t1", "web", DnsQuestion.A, stream: true)));
    }

    private static (DnsCode Code, int Answers) Head(byte[] answer) => ((DnsCode)(answer[3] & 15), (answer[6] << 8) | answer[7]);

    private Task<byte[]> AskAsync(string task, string name, ushort type, bool stream) => AskAsync(_cluster, task, name, type, stream);

    internal static async Task<byte[]> AskAsync(TestCluster cluster, string task, string name, ushort type, bool stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(4));
        byte[] query = DnsTests.Query(name, type);
        using Socket socket = DnsServer.Wrap(cluster.Lab.OpenSocket(cluster.Tasks[task].Path, stream ? NamespaceCalls.SockStream : NamespaceCalls.SockDgram));
        await socket.ConnectAsync(Resolver, limit.Token);
        if (stream)
        {
            await DnsServer.WriteFramedAsync(socket, query, limit.Token);
            return (await DnsServer.ReadFramedAsync(socket, limit.Token))!;
        }
        await socket.SendAsync(query, limit.Token);
        byte[] buffer = new byte[4096];
        return buffer[..await socket.ReceiveAsync(buffer, limit.Token)];
    }

    private static byte[] UpstreamAnswer(byte[] query)
    {
        Assert.True(DnsQuestion.TryParse(query, out DnsQuestion question));
        return DnsAnswer.Addresses(query, question, [Ipv4Address.Parse("192.0.2.7")], stream: true);
    }

    private static async Task AnswerAsync(Socket udp, TaskCompletionSource<string> asked)
    {
        byte[] buffer = new byte[4096];
        SocketReceiveFromResult got = await udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
        asked.SetResult(((IPEndPoint)got.RemoteEndPoint).Address.ToString());
        await udp.SendToAsync(UpstreamAnswer(buffer[..got.ReceivedBytes]), got.RemoteEndPoint);
    }

    private static async Task AnswerStreamAsync(Socket tcp, TaskCompletionSource<string> asked)
    {
        using Socket connection = await tcp.AcceptAsync();
        asked.SetResult(((IPEndPoint)connection.RemoteEndPoint!).Address.ToString());
        byte[] query = (await DnsServer.ReadFramedAsync(connection, CancellationToken.None))!;
        await DnsServer.WriteFramedAsync(connection, UpstreamAnswer(query), CancellationToken.None);
    }
}
