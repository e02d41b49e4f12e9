using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Rpc.Tests.Calls;

/// <summary>What is printed when an address that somebody typed does not lead to a manager.</summary>
public sealed class CallTroubleTests
{
    private const string Address = "10.0.0.9:2377";

    public static TheoryData<string, RpcException, string> Troubles => new()
    {
        { "no answer", new RpcException(new Status(StatusCode.DeadlineExceeded, "")), "manager 10.0.0.9:2377 does not answer within 10 s: is skepd running there, and is 2377/tcp open?" },
        { "given up", new RpcException(new Status(StatusCode.Cancelled, "Call canceled.", new OperationCanceledException())), "manager 10.0.0.9:2377 does not answer within 10 s: is skepd running there, and is 2377/tcp open?" },
        { "limit of connecting", On(new TaskCanceledException("x", new TimeoutException())), "manager 10.0.0.9:2377 does not answer within 2 s: is skepd running there, and is 2377/tcp open?" },
        { "the kernel's limit", On(new SocketException((int)SocketError.TimedOut)), "manager 10.0.0.9:2377 does not answer within 2 s: is skepd running there, and is 2377/tcp open?" },
        { "refused", On(new SocketException((int)SocketError.ConnectionRefused)), "nothing listens at 10.0.0.9:2377: is skepd running there, and is it a manager with this port?" },
        { "no name", On(new SocketException((int)SocketError.HostNotFound)), "the host name 10.0.0.9 does not resolve; give an IP address, or mend the machine's name service" },
        { "no name server", On(new SocketException((int)SocketError.TryAgain)), "the host name 10.0.0.9 does not resolve; give an IP address, or mend the machine's name service" },
        { "no route", On(new SocketException((int)SocketError.HostUnreachable)), "there is no way from here to 10.0.0.9:2377: No route to host; check the address, and this machine's routes" },
        { "no TLS", On(new AuthenticationException("Cannot determine the frame size or a corrupted frame was received.", new IOException())), "what listens at 10.0.0.9:2377 is not a Skep manager; \"swarm join-token\" on a manager prints its address and port" },
        { "nothing after connecting", On(new IOException("Received an unexpected EOF or 0 bytes from the transport stream.")), "what listens at 10.0.0.9:2377 is not a Skep manager; \"swarm join-token\" on a manager prints its address and port" },
        { "another authority", On(new AuthenticationException("The remote certificate was rejected by the provided RemoteCertificateValidationCallback.")), "what listens at 10.0.0.9:2377 is not a Skep manager; \"swarm join-token\" on a manager prints its address and port" },
        { "our own objection", On(new UnmeantPeerException("node a answers in place of b")), "at 10.0.0.9:2377, node a answers in place of b" },
        { "another gRPC program", new RpcException(new Status(StatusCode.Unimplemented, "Service is unimplemented.")), "what listens at 10.0.0.9:2377 is not a Skep manager; \"swarm join-token\" on a manager prints its address and port" },
        { "what it answered", new RpcException(new Status(StatusCode.Unavailable, "the cluster is not made yet")), "the cluster is not made yet" },
        { "anything else", On(new InvalidDataException("odd")), "manager 10.0.0.9:2377 cannot be reached: Error starting gRPC call." },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public void Every_trouble_has_its_words(string what, RpcException error, string words)
    {
        string said = CallTrouble.Describe("manager", Address, error, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2));
        Assert.True(words == said, $"{what}: {said}");
        Assert.StartsWith(CallTrouble.Name("manager", Address, error, TimeSpan.FromSeconds(words.Contains("within 2", StringComparison.Ordinal) ? 2 : 10)), words, StringComparison.Ordinal);
    }

    [Fact]
    public void What_fails_before_a_call_has_the_same_words()
    {
        Assert.Equal("the host name box does not resolve; give an IP address, or mend the machine's name service", CallTrouble.Describe("manager", "box:2377", new SocketException((int)SocketError.HostNotFound)));
        Assert.Equal("there is no way from here to 10.0.0.9:2377: Network is unreachable; check the address, and this machine's routes", CallTrouble.Describe("manager", Address, new SocketException((int)SocketError.NetworkUnreachable)));
    }

    [Fact]
    public void A_node_that_is_called_needs_no_join_token()
        => Assert.Equal("what listens at 10.0.0.9:2377 is not a Skep node", CallTrouble.Describe("node", Address, On(new IOException("eof")), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2)));

    [Fact]
    public async Task A_program_that_speaks_no_TLS_is_no_manager()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        Task answering = AnswerAsync(other, "HTTP/1.1 400 Bad Request\r\n\r\n");
        string address = other.LocalEndpoint.ToString()!;
        Assert.Equal($"what listens at {address} is not a Skep manager; \"swarm join-token\" on a manager prints its address and port", await JoinAsync(address));
        await answering;
    }

    [Fact]
    public async Task A_program_that_hangs_up_is_no_manager()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        Task answering = AnswerAsync(other, "");
        string address = other.LocalEndpoint.ToString()!;
        Assert.Equal($"what listens at {address} is not a Skep manager; \"swarm join-token\" on a manager prints its address and port", await JoinAsync(address));
        await answering;
    }

    [Fact]
    public async Task A_port_nobody_listens_on_is_told_as_such()
        => Assert.Equal("nothing listens at 127.0.0.1:1: is skepd running there, and is it a manager with this port?", await JoinAsync("127.0.0.1:1"));

    [Fact]
    public async Task A_node_that_is_no_manager_is_told_as_such()
    {
        await using TestCluster worker = await TestCluster.StartAsync(s => s.AddGrpc(), app => app.MapGrpcService<Grpc.HealthCheck.HealthServiceImpl>());
        Assert.Equal($"what listens at {worker.Address} is not a Skep manager; \"swarm join-token\" on a manager prints its address and port", await JoinAsync(worker.Address));
    }

    [Fact]
    public async Task Only_the_node_that_is_meant_answers()
    {
        await using TestCluster cluster = await TestCluster.StartAsync(s => s.AddSingleton<Grpc.HealthCheck.HealthServiceImpl>(), app => app.MapGrpcService<Grpc.HealthCheck.HealthServiceImpl>());
        NodeChannels channels = cluster.ChannelsOf(cluster.Identity(NodeRole.Manager, "m"));
        using GrpcChannel right = channels.OpenTo(cluster.Address, Callee.Manager(new NodeId("server")), TimeSpan.FromSeconds(20)), wrong = channels.OpenTo(cluster.Address, Callee.Manager(new NodeId("other")), TimeSpan.FromSeconds(20));
        RpcException? refused = await ErrorAsync(wrong), answered = await ErrorAsync(right);
        Assert.Equal($"at {cluster.Address}, node server answers in place of other", CallTrouble.Name("node", cluster.Address, refused!, TimeSpan.FromSeconds(20)));
        Assert.True(answered is null || CallTrouble.IsAnswer(answered));
        Assert.False(CallTrouble.IsAnswer(refused!));
    }

    private static RpcException On(Exception cause) => new(new Status(StatusCode.Unavailable, "Error starting gRPC call.", new HttpRequestException("x", cause)));

    private static async Task<string> JoinAsync(string address)
    {
        JoinToken token = JoinToken.Create("root");
        return (await Assert.ThrowsAsync<ClusterException>(() => CertificateClient.JoinAsync(address, token, NodeAvailability.Active, TimeProvider.System, CancellationToken.None))).Message;
    }

    private static async Task<RpcException?> ErrorAsync(GrpcChannel channel)
    {
        try
        {
            await new Grpc.Health.V1.Health.HealthClient(channel).CheckAsync(new Grpc.Health.V1.HealthCheckRequest());
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
    }

    private static async Task AnswerAsync(TcpListener listener, string text)
    {
        using TcpClient caller = await listener.AcceptTcpClientAsync();
        byte[] hello = new byte[64];
        _ = await caller.GetStream().ReadAtLeastAsync(hello, 1, throwOnEndOfStream: false);
        await caller.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
    }
}
