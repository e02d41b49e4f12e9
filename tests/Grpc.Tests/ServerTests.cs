using System.Net;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using ProbeProto;

namespace GrpcTests;

/// <summary>What only a pair of C# ends can show. A contract with Grpc.AspNetCore.Server: what our services may rely on.</summary>
/// <remarks>
/// Differs from the implementation we had: malformed bodies are UNKNOWN, deflate is taken (probe_peer.py), the peer of a unix socket is "unknown", a
/// limit is refused without its number. No caller of ours decides by any of them.
/// </remarks>
[Collection("peers")]
public sealed class ServerTests(Peers peers)
{
    private static CallOptions Within(TimeSpan? limit = null) => new(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + (limit ?? Limits.Long));

    [Fact]
    public async Task Only_one_write_at_a_time_is_let_in()
    {
        using AsyncDuplexStreamingCall<Ask, Answer> call = peers.Client("csharp unix").Chat(Within());
        await call.RequestStream.WriteAsync(new Ask { Verb = "twice", Text = "second write" });
        Assert.Contains("previous write is in progress", await peers.Host.Log.WaitFor("second write"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_sees_the_client_certificate()
    {
        Answer answer = await peers.Client("csharp mtls").UnaryAsync(new Ask { Verb = "peer" }, Within());
        Assert.Matches(@"^ipv[46]:.+\|O=cluster-1, OU=swarm-worker, CN=node-1\|/skep\.probe\.Probe/Unary$", answer.Text);
        Answer unix = await peers.Client("csharp unix").UnaryAsync(new Ask { Verb = "peer" }, Within());
        Assert.StartsWith("unknown|none", unix.Text, StringComparison.Ordinal); // Differs: ours named the socket.
    }

    [Fact]
    public async Task Client_without_certificate_is_unavailable()
    {
        using GrpcChannel ours = Channels.Tls(peers.Host.TlsPort, peers.Certificates, withCertificate: false);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await new Probe.ProbeClient(ours).UnaryAsync(new Ask(), Within()));
        IsRefusedAtTheDoor(e);
    }

    [PythonFact]
    public async Task Client_without_certificate_is_unavailable_at_a_python_server()
    {
        using GrpcChannel python = Channels.Tls(peers.PythonTlsPort, peers.Certificates, withCertificate: false);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await new Probe.ProbeClient(python).UnaryAsync(new Ask(), Within()));
        IsRefusedAtTheDoor(e);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable()
    {
        using GrpcChannel channel = Channels.Unix(Path.Combine(peers.Folder, "nobody.sock"));
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await new Probe.ProbeClient(channel).UnaryAsync(new Ask(), Within()));
        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    [Fact]
    public async Task Status_set_by_the_handler_wins_over_its_message()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () => await peers.Client("csharp tcp").UnaryAsync(
            new Ask { Verb = "status", Number = (int)StatusCode.DataLoss, Text = "gone" }, Within()));
        Assert.Equal(new Status(StatusCode.DataLoss, "gone"), e.Status);
        RpcException none = await Assert.ThrowsAsync<RpcException>(async () => await peers.Client("csharp tcp").UnaryAsync(new Ask { Verb = "null" }, Within()));
        Assert.Equal(StatusCode.Cancelled, none.StatusCode);
    }

    [Fact]
    public async Task Deadline_is_answered_although_the_handler_never_looks_at_its_token()
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{peers.Host.TcpPort}/skep.probe.Probe/Unary")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 15, 10, 6, .. "sleepy"u8, 18, 5, .. "stone"u8]),
        };
        request.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc+proto");
        request.Headers.Add("grpc-timeout", "200m");
        using HttpResponseMessage response = await http.SendAsync(request, CancellationToken.None).WaitAsync(Limits.Long);
        await peers.Host.Log.WaitFor("begun stone");
        Assert.Equal("4", response.Headers.GetValues("grpc-status").Single());
        peers.Host.Log.Saw("release stone");
        Answer after = await peers.Client("csharp tcp").UnaryAsync(new Ask { Text = "alive" }, Within());
        Assert.Equal("alive", after.Text);
    }

    [Fact]
    public async Task Deadline_ends_a_stream_the_client_does_not_read()
    {
        using AsyncServerStreamingCall<Answer> call =
            peers.Client("csharp tcp").Download(new Ask { Verb = "flood", Text = "flood" }, Within(TimeSpan.FromSeconds(2)));
        await peers.Host.Log.WaitFor("flood over");
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());
        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/plain/page", "hello")]
    [InlineData("POST", "/not/grpc", "posted")]
    public async Task Other_routes_of_the_host_are_not_shadowed(string verb, string path, string expected)
    {
        using HttpResponseMessage response = await Send(new HttpMethod(verb), path, "text/plain");
        Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_is_not_grpc_is_refused_by_a_method()
    {
        using HttpResponseMessage response = await Send(HttpMethod.Post, "/skep.probe.Probe/Unary", "application/json");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData(new byte[] { }, "13")]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 }, "13")]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 1 }, "13")]
    [InlineData(new byte[] { 7, 0, 0, 0, 0 }, "2")] // Differs, as the next two of 2: ours said INTERNAL, and of the last RESOURCE_EXHAUSTED.
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, "13")]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 255, 255 }, "2")]
    [InlineData(new byte[] { 0, 255, 255, 255, 255 }, "2")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0 }, "0")]
    public async Task Malformed_bodies_get_a_status(byte[] body, string status)
    {
        using HttpResponseMessage response = await Send(HttpMethod.Post, "/skep.probe.Probe/Unary", "application/grpc", body);
        await response.Content.ReadAsByteArrayAsync();
        IEnumerable<string>? values;
        Assert.True(response.Headers.TryGetValues("grpc-status", out values) || response.TrailingHeaders.TryGetValues("grpc-status", out values));
        Assert.Equal(status, values!.Single());
    }

    [Fact]
    public async Task Own_options_apply()
    {
        string folder = Directory.CreateTempSubdirectory("skt-grpc-").FullName;
        await using (ProbeHost host = await ProbeHost.StartAsync(folder, peers.Certificates, o =>
        {
            o.EnableDetailedErrors = true;
            o.MaxReceiveMessageSize = 100;
            o.MaxSendMessageSize = 200;
            o.ResponseCompressionAlgorithm = "gzip";
        }))
        {
            using GrpcChannel channel = Channels.Unix(host.UnixPath, maxReceive: 150, maxSend: 120);
            var client = new Probe.ProbeClient(channel);
            Assert.Equal("x", (await client.UnaryAsync(new Ask { Text = "x" }, Within())).Text);
            Assert.Contains("secret y", (await Status(new Ask { Verb = "throw", Text = "y" })).Detail, StringComparison.Ordinal);
            Assert.Contains("Received", (await Status(new Ask { Text = new string('a', 110) })).Detail, StringComparison.Ordinal);
            Assert.Contains("Sending", (await Status(new Ask { Text = new string('a', 130) })).Detail, StringComparison.Ordinal);
            Assert.Contains("Received", (await Status(new Ask { Verb = "make", Number = 180 })).Detail, StringComparison.Ordinal); // Differs: ours gave the numbers.
            Assert.Contains("Sending", (await Status(new Ask { Verb = "make", Number = 210 })).Detail, StringComparison.Ordinal);

            async Task<Status> Status(Ask ask) =>
                (await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(ask, Within()))).Status;
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Channel_survives_the_death_and_return_of_its_server()
    {
        string folder = Directory.CreateTempSubdirectory("skt-grpc-").FullName;
        ProbeHost host = await ProbeHost.StartAsync(folder, peers.Certificates);
        using GrpcChannel channel = Channels.Unix(host.UnixPath);
        var client = new Probe.ProbeClient(channel);
        using AsyncDuplexStreamingCall<Ask, Answer> chat = client.Chat(Within());
        await chat.RequestStream.WriteAsync(new Ask { Text = "a" });
        Assert.True(await chat.ResponseStream.MoveNext());
        Task<bool> pending = chat.ResponseStream.MoveNext();
        await host.DisposeAsync();
        // UNAVAILABLE when the connection is lost, INTERNAL when the dying server still reset the stream: callers that look for another server do so on either.
        StatusCode[] death = [StatusCode.Unavailable, StatusCode.Internal];
        Assert.Contains((await Assert.ThrowsAsync<RpcException>(() => pending)).StatusCode, death);
        await Assert.ThrowsAsync<RpcException>(() => chat.RequestStream.WriteAsync(new Ask())); // Of either status: see ClientTests.
        Assert.Contains(chat.GetStatus().StatusCode, death);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await client.UnaryAsync(new Ask(), Within()))).StatusCode);
        File.Delete(host.UnixPath);
        await using (await ProbeHost.StartAsync(folder, peers.Certificates))
        {
            Assert.Equal("back", (await client.UnaryAsync(new Ask { Text = "back" }, Within())).Text);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Disposed_channel_ends_its_calls_and_takes_no_more()
    {
        GrpcChannel channel = Channels.Unix(peers.Host.UnixPath);
        var client = new Probe.ProbeClient(channel);
        using AsyncServerStreamingCall<Answer> call = client.Download(new Ask { Verb = "wait", Number = 1, Text = "channel" }, Within());
        Assert.True(await call.ResponseStream.MoveNext());
        Task<bool> next = call.ResponseStream.MoveNext();
        channel.Dispose();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => next)).StatusCode);
        Assert.Throws<ObjectDisposedException>(() => { _ = client.UnaryAsync(new Ask(), Within()); });
        await peers.Host.Log.WaitFor("cancelled channel");
    }

    [Fact]
    public async Task Many_open_watches_leave_room_for_calls()
    {
        var watches = new List<AsyncServerStreamingCall<Answer>>();
        for (int i = 0; i < 300; i++)
        {
            watches.Add(peers.Client("csharp unix").Download(new Ask { Verb = "wait", Number = 1, Text = $"watch {i}" }));
        }

        foreach (AsyncServerStreamingCall<Answer> watch in watches)
        {
            Assert.True(await watch.ResponseStream.MoveNext());
        }

        Assert.Equal("through", (await peers.Client("csharp unix").UnaryAsync(new Ask { Text = "through" }, Within())).Text);
        watches.ForEach(w => w.Dispose());
    }

    [Fact]
    public async Task Silent_stream_with_pings_outlives_the_guards_of_the_web_server()
    {
        using GrpcChannel channel = GrpcChannel.ForAddress($"http://127.0.0.1:{peers.Host.TcpPort}", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { KeepAlivePingDelay = TimeSpan.FromSeconds(1), KeepAlivePingTimeout = TimeSpan.FromSeconds(5) },
            DisposeHttpClient = true,
        });
        var client = new Probe.ProbeClient(channel);
        using AsyncDuplexStreamingCall<Ask, Answer> chat = client.Chat();
        await chat.RequestStream.WriteAsync(new Ask { Number = 1 });
        Assert.True(await chat.ResponseStream.MoveNext());

        // Kestrel's grace for slow bodies is five seconds; the passing of time here is another call's deadline.
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
            await client.UnaryAsync(new Ask { Verb = "wait", Text = "silence" }, Within(TimeSpan.FromSeconds(7))));
        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await chat.RequestStream.WriteAsync(new Ask { Number = 2 });
        Assert.True(await chat.ResponseStream.MoveNext());
        Assert.Equal(2, chat.ResponseStream.Current.Number);
    }

    /// <summary>Differs: with TLS 1.3 the refusal comes after the handshake, in the middle of the first call, which then may be INTERNAL. ManagerCalls asks the next manager on either.</summary>
    private static void IsRefusedAtTheDoor(RpcException e) => Assert.Contains(e.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal });

    private async Task<HttpResponseMessage> Send(HttpMethod verb, string path, string contentType, byte[]? body = null)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler());
        using var request = new HttpRequestMessage(verb, $"http://127.0.0.1:{peers.Host.TcpPort}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (verb == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(body ?? Encoding.ASCII.GetBytes("x"));
            request.Content.Headers.TryAddWithoutValidation("content-type", contentType);
        }

        HttpResponseMessage response = await http.SendAsync(request, CancellationToken.None).WaitAsync(Limits.Long);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }
}
