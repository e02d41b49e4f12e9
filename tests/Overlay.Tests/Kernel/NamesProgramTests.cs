using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Overlay.Dns;
using Skep.Overlay.Names;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>Names answered by the program that outlives skepd; here it is a thread of the test.</summary>
[Collection("kernel")]
public sealed class NamesProgramTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private Thread _program = null!;

    public async Task InitializeAsync()
    {
        _cluster = new TestCluster { NamesProgram = new NamesOptions("/bin/false", []) };
        _program = Begin();
        for (int node = 1; node <= TestCluster.Nodes; node++)
        {
            await _cluster.OpenAsync(node);
        }

        await _cluster.AddAsync("t1", 1, "10.0.1.11", "172.18.0.2", serve: 0);
        await _cluster.AddAsync("in1", 1, "10.0.1.12", null, serve: 0);
        _cluster.Names["web"] = ["10.0.1.2"];
        await _cluster.ApplyAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Assert.True(_program.Join(TimeSpan.FromSeconds(20)), "the program ends when nothing is left");
    }

    [Fact]
    public async Task Questions_are_answered_while_skepd_is_away_and_from_the_new_picture_when_it_is_back()
    {
        await EventuallyAnsweredAsync("web", "10.0.1.2");
        await _cluster[1].DisposeAsync();
        Assert.Equal("10.0.1.2", await AskAsync("t1", "web", stream: false));
        Assert.Equal("10.0.1.2", await AskAsync("t1", "web", stream: true));
        Assert.Equal(DnsCode.Refused.ToString(), await AskAsync("in1", "example.org", stream: false));

        await _cluster.OpenAsync(1);
        Assert.Equal("10.0.1.2", await AskAsync("t1", "web", stream: false)); // adopted, and no manager spoke yet
        _cluster.Names["web"] = ["10.0.1.3"];
        await _cluster.ApplyAsync();
        await EventuallyAnsweredAsync("web", "10.0.1.3");
    }

    [Fact]
    public async Task Names_outside_the_cluster_are_asked_for_from_the_task_while_skepd_is_away()
    {
        await EventuallyAnsweredAsync("web", "10.0.1.2");
        await _cluster[1].DisposeAsync();
        using Socket resolver = DnsServer.Wrap(_cluster.Lab.OpenSocket(_cluster.Lab.ClientPath, NamespaceCalls.SockDgram));
        resolver.Bind(new IPEndPoint(IPAddress.Any, 53));
        Task<string> answered = AskAsync("t1", "example.org", stream: false);
        byte[] buffer = new byte[4096];
        SocketReceiveFromResult got = await resolver.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
        Assert.Equal("192.168.50.11", ((IPEndPoint)got.RemoteEndPoint).Address.ToString()); // its node's address
        Assert.True(DnsQuestion.TryParse(buffer.AsSpan(0, got.ReceivedBytes), out DnsQuestion question));
        await resolver.SendToAsync(DnsAnswer.Addresses(buffer.AsSpan(0, got.ReceivedBytes), question, [Ipv4Address.Parse("192.0.2.7")], stream: true), got.RemoteEndPoint);
        Assert.Equal("192.0.2.7", await answered);
        await _cluster.OpenAsync(1);
        await _cluster.ApplyAsync();
    }

    [Fact]
    public async Task The_namespace_of_a_task_goes_with_the_task()
    {
        await EventuallyAnsweredAsync("web", "10.0.1.2");
        await _cluster[1].DisposeAsync();
        _cluster.Tasks.Remove("t1");
        await _cluster.OpenAsync(1);
        await _cluster.ApplyAsync();
        await Limits.EventuallyAsync(() => !_cluster.Lab.Dump("n1").Links.Any(l => l.Group == VethLink.Group), "its link goes with it");
    }

    private Thread Begin()
    {
        string run = Directory.CreateDirectory(_cluster.RunDirectory(1)).FullName;
        string socket = Path.Combine(run, "names.sock");
        var thread = new Thread(() => NamesProgram.Run(socket, TimeProvider.System, NullLogger.Instance)) { IsBackground = true };
        thread.Start();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.ChangeExtension(socket, ".pid")), TimeSpan.FromSeconds(5)));
        return thread;
    }

    private Task EventuallyAnsweredAsync(string name, string address)
        => Limits.EventuallyAsync(() => AskAsync("t1", name, stream: false).GetAwaiter().GetResult() == address, $"{name} is {address}");

    private async Task<string> AskAsync(string task, string name, bool stream)
    {
        byte[] answer = await DnsKernelTests.AskAsync(_cluster, task, name, DnsQuestion.A, stream);
        return (answer[3] & 15) != 0 ? ((DnsCode)(answer[3] & 15)).ToString() : new IPAddress(answer.AsSpan(answer.Length - 4)).ToString();
    }
}
