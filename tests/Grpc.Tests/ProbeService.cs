using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using ProbeProto;

namespace GrpcTests;

/// <summary>What the service saw, by the text of the request, so that a test can wait for it.</summary>
public sealed class ProbeLog
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _seen = new(StringComparer.Ordinal);

    public void Saw(string what, string detail = "") => Of(what).TrySetResult(detail);

    public Task<string> WaitFor(string what) => Of(what).Task.WaitAsync(Limits.Long);

    private TaskCompletionSource<string> Of(string what) =>
        _seen.GetOrAdd(what, _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>Does what the request's verb says. The Python peer implements the same verbs.</summary>
public sealed class ProbeService(ProbeLog log) : Probe.ProbeBase
{
    public static readonly byte[] Bytes = [0, 1, 254, 255];

    public override async Task<Answer> Unary(Ask request, ServerCallContext context)
    {
        switch (request.Verb)
        {
            case "fail":
                context.ResponseTrailers.Add("x-extra", "tail");
                throw new RpcException(new Status((StatusCode)request.Number, request.Text), new Metadata { { "x-trailer-bin", Bytes } });
            case "throw":
                throw new FormatException("secret " + request.Text);
            case "status":
                context.Status = new Status((StatusCode)request.Number, request.Text);
                break;
            case "null":
                return null!;
            case "wait":
                await WaitForCancel(request, context);
                break;
            case "sleepy":
                log.Saw("begun " + request.Text);
                await log.WaitFor("release " + request.Text);
                return new Answer();
            case "headers":
                await context.WriteResponseHeadersAsync(new Metadata
                {
                    { "x-out", context.RequestHeaders.GetValue("x-in")! },
                    { "x-out-bin", context.RequestHeaders.GetValueBytes("x-in-bin")! },
                });
                context.ResponseTrailers.Add("x-tail", "end");
                context.ResponseTrailers.Add("x-tail-bin", Bytes);
                break;
            case "deadline":
                double left = context.Deadline == DateTime.MaxValue
                    ? -1
                    : (context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime).TotalMilliseconds;
                return new Answer { Number = (int)left };
            case "make":
                return new Answer { Data = ByteString.CopyFrom(new byte[request.Number]) };
            case "gzip":
                await context.WriteResponseHeadersAsync(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
                return new Answer { Text = new string('z', request.Number), Number = request.Data.Length };
            case "peer":
                HttpContextFacts facts = HttpContextFacts.Of(context);
                return new Answer { Text = $"{context.Peer}|{facts.Subject}|{context.Method}" };
        }

        return new Answer { Text = request.Text, Number = request.Number, Data = request.Data };
    }

    public override async Task<Answer> Upload(IAsyncStreamReader<Ask> requestStream, ServerCallContext context)
    {
        int count = 0;
        long bytes = 0;
        await foreach (Ask ask in requestStream.ReadAllAsync(context.CancellationToken))
        {
            if (ask.Verb == "fail")
            {
                throw new RpcException(new Status((StatusCode)ask.Number, ask.Text));
            }

            if (ask.Verb == "stop")
            {
                return new Answer { Text = "stopped", Number = count };
            }

            count++;
            bytes += ask.Data.Length;
        }

        return new Answer { Number = count, Text = bytes.ToString() };
    }

    public override async Task Download(Ask request, IServerStreamWriter<Answer> responseStream, ServerCallContext context)
    {
        if (request.Verb == "headers")
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "x-out", "early" } });
        }

        if (request.Verb == "gzip")
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "grpc-internal-encoding-request", "gzip" } });
        }

        if (request.Verb == "hint")
        {
            responseStream.WriteOptions = new WriteOptions(WriteFlags.BufferHint);
        }

        var payload = ByteString.CopyFrom(new byte[request.Verb is "big" or "flood" ? 1 << 20 : 0]);
        try
        {
            for (int i = 0; request.Verb == "flood" || i < request.Number; i++)
            {
                await responseStream.WriteAsync(new Answer { Number = i, Text = request.Text, Data = payload }, context.CancellationToken);
            }
        }
        finally
        {
            log.Saw(request.Text + " over");
        }

        if (request.Verb == "fail")
        {
            throw new RpcException(new Status(StatusCode.Aborted, request.Text), new Metadata { { "x-trailer", "t" } });
        }

        if (request.Verb is "wait" or "headers")
        {
            await WaitForCancel(request, context);
        }
    }

    public override async Task Chat(IAsyncStreamReader<Ask> requestStream, IServerStreamWriter<Answer> responseStream, ServerCallContext context)
    {
        if (context.RequestHeaders.Get("x-headers-first") is not null)
        {
            await context.WriteResponseHeadersAsync([]);
        }

        while (await requestStream.MoveNext(context.CancellationToken))
        {
            Ask ask = requestStream.Current;
            switch (ask.Verb)
            {
                case "fail":
                    throw new RpcException(new Status((StatusCode)ask.Number, ask.Text));
                case "end":
                    return;
                case "wait":
                    await WaitForCancel(ask, context);
                    break;
                case "twice":
                    Task first = responseStream.WriteAsync(new Answer { Data = ByteString.CopyFrom(new byte[8 << 20]) });
                    try
                    {
                        await responseStream.WriteAsync(new Answer());
                        log.Saw(ask.Text, "no exception");
                    }
                    catch (InvalidOperationException e)
                    {
                        log.Saw(ask.Text, e.Message);
                    }

                    await first;
                    break;
                default:
                    await responseStream.WriteAsync(new Answer { Text = ask.Text, Number = ask.Number, Data = ask.Data });
                    break;
            }
        }
    }

    private async Task WaitForCancel(Ask request, ServerCallContext context)
    {
        log.Saw("begun " + request.Text);
        var cancelled = new TaskCompletionSource();
        await using (context.CancellationToken.Register(cancelled.SetResult))
        {
            await cancelled.Task.WaitAsync(Limits.Long);
        }

        log.Saw("cancelled " + request.Text);
    }
}

internal readonly record struct HttpContextFacts(string Subject)
{
    public static HttpContextFacts Of(ServerCallContext context) =>
        new(context.GetHttpContext().Connection.ClientCertificate?.Subject ?? "none");
}

public static class Limits
{
    /// <summary>Longer than anything here takes on a busy machine; only a hang meets it.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
}
