using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Skep.Api;
using Skep.Api.Tests;
using Skep.Testing;

namespace Skep.Hostile.Fuzz;

/// <summary>The Engine API over HTTP: every route, with names, filters and bodies that are none. Whatever is sent, it answers or hangs up, and never fails.</summary>
/// <remarks>By hand: <see cref="FuzzSettings"/>; its target is "engine api".</remarks>
public sealed class EngineApiFuzzTests
{
    private const long Executions = 2_000;

    /// <summary>Answers that go on for ever are read this long only.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly string[] Parameters = ["filters", "version", "all", "size", "force", "since", "until", "tail", "stdout", "details", "rollback", "insertDefaults", "registryAuthFrom", "fromImage", "tag", "platform", "h", "w", "path", "name", "signal", "t"];

    private static readonly string[] Values = ["", "1", "-1", "true", "x", "99999999999999999999", "{", "{\"label\":[\"a\"]}", "{\"label\":{\"a\":true}}", "[]", "null", "\u0000", "../..", "2026-01-01T00:00:00Z", "1e999", "%ff", "9223372036854775807"];

    private static readonly byte[][] Bodies =
    [
        .. new[]
        {
            """{"Name":"web","Labels":{"a":"b"},"TaskTemplate":{"ContainerSpec":{"Image":"nginx:1","Env":["A=B"]},"Resources":{"Limits":{"NanoCPUs":1}}},"Mode":{"Replicated":{"Replicas":2}},"EndpointSpec":{"Ports":[{"TargetPort":80,"PublishedPort":8080}]}}""",
            """{"Name":"c","Data":"aGVsbG8=","Labels":{"a":"b"}}""",
            """{"Name":"n","Driver":"overlay","Attachable":true,"IPAM":{"Config":[{"Subnet":"10.9.0.0/24"}]},"Options":{"a":"b"}}""",
            """{"ListenAddr":"0.0.0.0:2377","AdvertiseAddr":"10.0.0.1","RemoteAddrs":["10.0.0.2:2377"],"JoinToken":"SWMTKN-1-a-b","Spec":{"Orchestration":{"TaskHistoryRetentionLimit":5},"Raft":{"SnapshotInterval":10000},"CAConfig":{"NodeCertExpiry":7776000000000000}}}""",
            """{"Image":"nginx","Cmd":["a"],"HostConfig":{"Binds":["/a:/b"],"PortBindings":{"80/tcp":[{"HostPort":"8080"}]},"RestartPolicy":{"Name":"always"}},"NetworkingConfig":{"EndpointsConfig":{"n":{"Aliases":["x"]}}}}""",
            """{"Role":"worker","Availability":"drain","Labels":{"a":"b"},"Name":"x"}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    [FuzzFact("engine api")]
    public async Task Whatever_is_asked_is_answered()
    {
        long executions = FuzzSettings.Executions(Executions);
        await using ApiHarness server = await ApiHarness.StartAsync();
        (string Method, string Pattern)[] routes = [.. EngineApi.Routes(TimeProvider.System).All];
        for (int n = 0; n < executions; n++)
        {
            var random = new Random(unchecked(FuzzSettings.First + n));
            byte[] request = Request(routes[random.Next(routes.Length)], random);
            string answer = await SendAsync(server.SocketPath, request);
            string asked = Encoding.Latin1.GetString(request);
            Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal), $"random numbers of {FuzzSettings.First + n}: {answer}\n{asked}");
            RecordedLine? failed = server.Log.Lines.FirstOrDefault(l => l.Level >= LogLevel.Error);
            Assert.True(failed is null, $"random numbers of {FuzzSettings.First + n}: {failed?.Text}: {failed?.Error}\n{asked}");
            server.Log.Clear();
        }

        Assert.Equal("OK", await server.Http.GetStringAsync(new Uri("/_ping", UriKind.Relative)));
    }

    private static byte[] Request((string Method, string Pattern) route, Random random)
    {
        string path = string.Join('/', route.Pattern.Split('/').Select(s => s.StartsWith('{') ? Uri.EscapeDataString(Values[random.Next(Values.Length)] + (random.Next(2) == 0 ? "web" : "")) : s));
        string query = string.Join('&', Enumerable.Range(0, random.Next(4)).Select(_ => $"{Parameters[random.Next(Parameters.Length)]}={Uri.EscapeDataString(Values[random.Next(Values.Length)])}"));
        byte[] body = route.Method is "GET" or "HEAD" ? [] : random.Next(8) == 0 ? Bodies[random.Next(Bodies.Length)] : Mutator.Mutate(Bodies, random);
        string head = $"{route.Method} {(random.Next(2) == 0 ? "/v1.50" : "")}{path}?{query} HTTP/1.1\r\nHost: skep\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        return [.. Encoding.Latin1.GetBytes(head), .. body];
    }

    /// <returns>The first line; empty when the server hung up.</returns>
    private static async Task<string> SendAsync(string socketPath, byte[] request)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), limit.Token);
        byte[] answer = new byte[512];
        try
        {
            await socket.SendAsync(request, limit.Token);
            int count = await socket.ReceiveAsync(answer, limit.Token);
            return Encoding.Latin1.GetString(answer, 0, count).Split('\r')[0];
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
