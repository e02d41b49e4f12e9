using Google.Protobuf;
using Grpc.Core;
using ProbeProto;

namespace GrpcTests;

/// <summary>What a C# client sees of a server, Kestrel's or C-core's: the same. A contract with Grpc.Net.Client: what our callers may rely on.</summary>
/// <remarks>
/// It differs in four things from the implementation we had, each marked where it is tested: a write that meets the end of its call does not say why
/// (RequestStreams, and through it GrpcRaftTransport, ContentStore, ManagerSession, NodeTunnels); one that waits for the server's leave to go on may outlive its
/// call, for ever, until its token ends it (RequestStreams again); a write after Dispose throws
/// ObjectDisposedException (NodeTunnels, PeerSource); an answer too large is refused in another's words (nobody reads them).
/// </remarks>
[Collection("peers")]
public sealed class ClientTests(Peers peers)
{
    public static TheoryData<string> All => Peers.All;

    private static CallOptions Within(TimeSpan? limit = null, Metadata? headers = null, CancellationToken ct = default) =>
        new(headers, TimeProvider.System.GetUtcNow().UtcDateTime + (limit ?? Limits.Long), ct);

    private static async Task<RpcException> Fails(StatusCode code, Func<Task> act)
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(act);
        Assert.True(code == e.StatusCode, $"expected {code}, got {e.Status}");
        return e;
    }

    [Theory, MemberData(nameof(All))]
    public async Task Unary_call_echoes(string peer)
    {
        for (int i = 0; i < 20; i++)
        {
            using AsyncUnaryCall<Answer> call = peers.Client(peer).UnaryAsync(
                new Ask { Verb = "echo", Text = "grüße", Number = -7, Data = ByteString.CopyFrom(ProbeService.Bytes) }, Within());
            Answer answer = await call;
            Assert.Equal(("grüße", -7), (answer.Text, answer.Number));
            Assert.Equal(ProbeService.Bytes, answer.Data.ToByteArray());
            Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task Empty_message_and_blocking_call_work(string peer)
    {
        Answer answer = await Task.Run(() => peers.Client(peer).Unary(new Ask(), Within()));
        Assert.Equal(new Answer(), answer);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Client_streaming_sums_up(string peer)
    {
        using AsyncClientStreamingCall<Ask, Answer> call = peers.Client(peer).Upload(Within());
        for (int i = 0; i < 100; i++)
        {
            await call.RequestStream.WriteAsync(new Ask { Data = ByteString.CopyFrom(new byte[1000]) });
        }

        await call.RequestStream.CompleteAsync();
        Answer answer = await call;
        Assert.Equal((100, "100000"), (answer.Number, answer.Text));
        await Assert.ThrowsAnyAsync<Exception>(() => call.RequestStream.WriteAsync(new Ask()));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Server_streaming_delivers_in_order(string peer)
    {
        foreach (string verb in new[] { "", "hint" })
        {
            using AsyncServerStreamingCall<Answer> call = peers.Client(peer).Download(new Ask { Verb = verb, Number = 100 }, Within());
            Assert.Equal(Enumerable.Range(0, 100), await Numbers(call.ResponseStream));
            Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        }

        using AsyncServerStreamingCall<Answer> none = peers.Client(peer).Download(new Ask(), Within());
        Assert.Empty(await Numbers(none.ResponseStream));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Duplex_plays_ping_pong(string peer)
    {
        using AsyncDuplexStreamingCall<Ask, Answer> call = peers.Client(peer).Chat(Within());
        for (int i = 0; i < 50; i++)
        {
            await call.RequestStream.WriteAsync(new Ask { Number = i });
            Assert.True(await call.ResponseStream.MoveNext());
            Assert.Equal(i, call.ResponseStream.Current.Number);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Theory, MemberData(nameof(All))]
    public async Task Duplex_opens_before_the_first_message(string peer)
    {
        using AsyncDuplexStreamingCall<Ask, Answer> call = peers.Client(peer).Chat(Within(headers: new Metadata { { "x-headers-first", "1" } }));
        await call.ResponseHeadersAsync;
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext());
    }

    [Theory, MemberData(nameof(All))]
    public async Task Error_without_message_carries_text_and_trailers(string peer)
    {
        const string text = "nicht gefunden: 100 % größer\nzweite Zeile €";
        using AsyncUnaryCall<Answer> call =
            peers.Client(peer).UnaryAsync(new Ask { Verb = "fail", Number = (int)StatusCode.NotFound, Text = text }, Within());
        RpcException e = await Fails(StatusCode.NotFound, () => call.ResponseAsync);
        Assert.Equal(text, e.Status.Detail);
        Assert.Equal("tail", e.Trailers.GetValue("x-extra"));
        Assert.Equal(ProbeService.Bytes, call.GetTrailers().GetValueBytes("x-trailer-bin"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Error_after_messages_arrives_after_them(string peer)
    {
        using AsyncServerStreamingCall<Answer> call = peers.Client(peer).Download(new Ask { Verb = "fail", Number = 3, Text = "späte" }, Within());
        for (int i = 0; i < 3; i++)
        {
            Assert.True(await call.ResponseStream.MoveNext());
        }

        RpcException e = await Fails(StatusCode.Aborted, () => call.ResponseStream.MoveNext());
        Assert.Equal("späte", e.Status.Detail);
        Assert.Equal("t", e.Trailers.GetValue("x-trailer"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Early_error_reaches_a_client_that_still_streams(string peer)
    {
        using AsyncClientStreamingCall<Ask, Answer> upload = peers.Client(peer).Upload(Within());
        await upload.RequestStream.WriteAsync(new Ask { Verb = "fail", Number = (int)StatusCode.ResourceExhausted, Text = "enough" });
        RpcException end = await Fails(StatusCode.ResourceExhausted, () => WriteMeetsTheEnd(upload.RequestStream, upload.ResponseAsync));
        Assert.Equal("enough", end.Status.Detail);

        using AsyncDuplexStreamingCall<Ask, Answer> chat = peers.Client(peer).Chat(Within());
        await chat.RequestStream.WriteAsync(new Ask { Verb = "fail", Number = (int)StatusCode.ResourceExhausted, Text = "enough" });
        end = await Fails(StatusCode.ResourceExhausted, () => WriteMeetsTheEnd(chat.RequestStream, chat.ResponseStream.MoveNext()));
        Assert.Equal("enough", end.Status.Detail);
        Assert.Equal(StatusCode.ResourceExhausted, chat.GetStatus().StatusCode);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Early_answer_reaches_a_client_that_still_streams(string peer)
    {
        using AsyncClientStreamingCall<Ask, Answer> upload = peers.Client(peer).Upload(Within());
        await upload.RequestStream.WriteAsync(new Ask());
        await upload.RequestStream.WriteAsync(new Ask { Verb = "stop" });
        Assert.Equal("stopped", (await upload).Text);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Metadata_travels_both_ways(string peer)
    {
        var headers = new Metadata { { "X-In", "hello" }, { "x-in-bin", ProbeService.Bytes } };
        using AsyncUnaryCall<Answer> call = peers.Client(peer).UnaryAsync(new Ask { Verb = "headers" }, Within(headers: headers));
        Metadata initial = await call.ResponseHeadersAsync;
        await call;
        Assert.Equal("hello", initial.GetValue("x-out"));
        Assert.Equal(ProbeService.Bytes, initial.GetValueBytes("x-out-bin"));
        Assert.Equal("end", call.GetTrailers().GetValue("x-tail"));
        Assert.Equal(ProbeService.Bytes, call.GetTrailers().GetValueBytes("x-tail-bin"));
        Assert.DoesNotContain(initial.Concat(call.GetTrailers()), e => e.Key.StartsWith("grpc-", StringComparison.Ordinal) || e.Key == "content-type");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Headers_arrive_before_any_message(string peer)
    {
        string name = "headers " + peer;
        using AsyncServerStreamingCall<Answer> call = peers.Client(peer).Download(new Ask { Verb = "headers", Text = name }, Within());
        Assert.Equal("early", (await call.ResponseHeadersAsync).GetValue("x-out"));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Server_sees_the_time_that_is_left(string peer)
    {
        Answer with = await peers.Client(peer).UnaryAsync(new Ask { Verb = "deadline" }, Within(TimeSpan.FromSeconds(9)));
        Assert.InRange(with.Number, 4000, 9000);
        Answer without = await peers.Client(peer).UnaryAsync(new Ask { Verb = "deadline" });
        Assert.Equal(-1, without.Number);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Deadline_ends_the_call_on_both_sides(string peer)
    {
        string name = "deadline " + peer;
        await Fails(StatusCode.DeadlineExceeded, async () =>
            await peers.Client(peer).UnaryAsync(new Ask { Verb = "wait", Text = name }, Within(TimeSpan.FromMilliseconds(400))));
        if (peer.StartsWith("csharp", StringComparison.Ordinal))
        {
            await peers.Host.Log.WaitFor("cancelled " + name);
        }

        await Fails(StatusCode.DeadlineExceeded, async () => await peers.Client(peer).UnaryAsync(new Ask(), Within(TimeSpan.FromSeconds(-1))));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Cancellation_reaches_the_server(string peer)
    {
        string name = "cancel " + peer;
        using var cancel = new CancellationTokenSource();
        using AsyncServerStreamingCall<Answer> call =
            peers.Client(peer).Download(new Ask { Verb = "wait", Number = 1, Text = name }, Within(ct: cancel.Token));
        Assert.True(await call.ResponseStream.MoveNext());
        Task<bool> next = call.ResponseStream.MoveNext();
        await cancel.CancelAsync();
        await Fails(StatusCode.Cancelled, () => next);
        if (peer.StartsWith("csharp", StringComparison.Ordinal))
        {
            await peers.Host.Log.WaitFor("cancelled " + name);
        }

        await Fails(StatusCode.Cancelled, async () => await peers.Client(peer).UnaryAsync(new Ask(), Within(ct: cancel.Token)));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Dispose_ends_a_running_call(string peer)
    {
        string name = "dispose " + peer;
        AsyncServerStreamingCall<Answer> call = peers.Client(peer).Download(new Ask { Verb = "wait", Number = 1, Text = name }, Within());
        Assert.True(await call.ResponseStream.MoveNext());
        Task<bool> next = call.ResponseStream.MoveNext();
        call.Dispose();
        await Fails(StatusCode.Cancelled, () => next);
        if (peer.StartsWith("csharp", StringComparison.Ordinal))
        {
            await peers.Host.Log.WaitFor("cancelled " + name);
        }

        AsyncDuplexStreamingCall<Ask, Answer> chat = peers.Client(peer).Chat(Within());
        await chat.RequestStream.WriteAsync(new Ask());
        Assert.True(await chat.ResponseStream.MoveNext());
        chat.Dispose();
        // Differs: ours said CANCELLED, as reads do.
        await Assert.ThrowsAsync<ObjectDisposedException>(() => chat.RequestStream.WriteAsync(new Ask()));
        Assert.Throws<ObjectDisposedException>(() => { _ = chat.RequestStream.CompleteAsync(); });
    }

    [Theory, MemberData(nameof(All))]
    public async Task Unknown_service_is_unimplemented(string peer)
    {
        var missing = new Missing.MissingClient(peers.Channel(peer));
        await Fails(StatusCode.Unimplemented, async () => await missing.UnaryAsync(new Ask(), Within()));
        var method = new Method<Ask, Answer>(
            MethodType.Unary, "skep.probe.Probe", "Nope", Marshallers.Create(a => a.ToByteArray(), Ask.Parser.ParseFrom),
            Marshallers.Create(a => a.ToByteArray(), Answer.Parser.ParseFrom));
        CallInvoker invoker = peers.Channel(peer).CreateCallInvoker();
        await Fails(StatusCode.Unimplemented, async () => await invoker.AsyncUnaryCall(method, null, Within(), new Ask()));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Unexpected_exception_is_unknown_without_its_text(string peer)
    {
        RpcException e = await Fails(StatusCode.Unknown, async () =>
            await peers.Client(peer).UnaryAsync(new Ask { Verb = "throw", Text = "x" }, Within()));
        if (peer.StartsWith("csharp", StringComparison.Ordinal))
        {
            Assert.DoesNotContain("secret", e.Status.Detail, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(All))]
    public async Task Too_large_is_resource_exhausted_both_ways(string peer)
    {
        var big = new Ask { Data = ByteString.CopyFrom(new byte[5 << 20]) };
        await Fails(StatusCode.ResourceExhausted, async () => await peers.Client(peer).UnaryAsync(big, Within()));
        await Fails(StatusCode.ResourceExhausted, async () =>
            await peers.Client(peer).UnaryAsync(new Ask { Verb = "make", Number = 5 << 20 }, Within()));
        using AsyncClientStreamingCall<Ask, Answer> upload = peers.Client(peer).Upload(Within());
        await Fails(StatusCode.ResourceExhausted, () => WriteMeetsTheEnd(upload.RequestStream, upload.ResponseAsync, big));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Two_hundred_mebibytes_flow_both_ways(string peer)
    {
        var chunk = new Ask { Data = ByteString.CopyFrom(new byte[1 << 20]) };
        using AsyncClientStreamingCall<Ask, Answer> upload = peers.Client(peer).Upload(Within(TimeSpan.FromSeconds(60)));
        for (int i = 0; i < 200; i++)
        {
            await upload.RequestStream.WriteAsync(chunk);
        }

        await upload.RequestStream.CompleteAsync();
        Assert.Equal((200L << 20).ToString(), (await upload).Text);

        using AsyncServerStreamingCall<Answer> download =
            peers.Client(peer).Download(new Ask { Verb = "big", Number = 200 }, Within(TimeSpan.FromSeconds(60)));
        long bytes = 0;
        await foreach (Answer answer in download.ResponseStream.ReadAllAsync())
        {
            bytes += answer.Data.Length;
        }

        Assert.Equal(200L << 20, bytes);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Gzip_goes_both_ways(string peer)
    {
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };
        var ask = new Ask { Verb = "gzip", Number = 50_000, Data = ByteString.CopyFrom(new byte[60_000]) };
        Answer answer = await peers.Client(peer).UnaryAsync(ask, Within(headers: headers));
        Assert.Equal((new string('z', 50_000), 60_000), (answer.Text, answer.Number));
        using AsyncServerStreamingCall<Answer> call =
            peers.Client(peer).Download(new Ask { Verb = "gzip", Number = 20, Text = new string('y', 500) }, Within(headers: headers));
        Assert.Equal(Enumerable.Range(0, 20), await Numbers(call.ResponseStream));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Two_hundred_calls_run_at_once(string peer)
    {
        Answer[] answers = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(i => peers.Client(peer).UnaryAsync(new Ask { Number = i }, Within()).ResponseAsync));
        Assert.Equal(Enumerable.Range(0, 200), answers.Select(a => a.Number));
    }

    /// <summary>Differs: ours threw the call's status; here a write says CANCELLED, or the status if it comes late enough to know it.</summary>
    private static async Task WriteMeetsTheEnd(IClientStreamWriter<Ask> stream, Task end, Ask? ask = null)
    {
        using var over = new CancellationTokenSource();
        Task writing = WriteForever(stream, ask ?? new Ask { Data = ByteString.CopyFrom(new byte[100_000]) }, over.Token);
        await Task.WhenAny(end);
        await over.CancelAsync();
        RpcException e = await Assert.ThrowsAsync<RpcException>(() => writing.WaitAsync(Limits.Long));
        Assert.Contains(e.StatusCode, new[] { StatusCode.Cancelled, StatusCode.ResourceExhausted });
        await end;
    }

    private static async Task WriteForever(IClientStreamWriter<Ask> stream, Ask ask, CancellationToken ct)
    {
        while (true)
        {
            await stream.WriteAsync(ask, ct);
        }
    }

    private static async Task<List<int>> Numbers(IAsyncStreamReader<Answer> stream)
    {
        var numbers = new List<int>();
        await foreach (Answer answer in stream.ReadAllAsync())
        {
            numbers.Add(answer.Number);
        }

        return numbers;
    }
}
