using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Manager.Control;

namespace Skep.Api.Relay;

/// <summary>Passes a request to another node's Engine API and its answer back, connections taken from HTTP too.</summary>
internal static class RelayedCall
{
    /// <summary>On requests that another manager passed on.</summary>
    public const string Marker = "Skep-Relayed";

    /// <summary>The body of an attach or an exec's start says how; what is typed comes after it.</summary>
    private const int MostAttachedBytes = 64 << 10;

    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Date", "Docker-Experimental", "Keep-Alive", "Ostype", "Server", "Transfer-Encoding", "Upgrade", "Api-Version",
    };

    /// <param name="tunnel">Disposed here.</param>
    public static async Task RunAsync(HttpContext http, INodeContext node, ApiVersion version, string path, NodeTunnel tunnel, CancellationToken ct)
    {
        bool isAttached = http.Request.Method == "POST" && ((path.StartsWith("/exec/", StringComparison.Ordinal) && path.EndsWith("/start", StringComparison.Ordinal))
            || path.EndsWith("/attach", StringComparison.Ordinal));
        await using (tunnel)
        {
            using var handler = new SocketsHttpHandler
            {
                ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(tunnel),
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ActivityHeadersPropagator = null,
            };
            using var invoker = new HttpMessageInvoker(handler);
            using HttpRequestMessage request = await RequestAsync(http, version, path, isAttached, ct);
            try
            {
                using HttpResponseMessage response = await invoker.SendAsync(request, ct);
                if (response.StatusCode == System.Net.HttpStatusCode.SwitchingProtocols)
                {
                    await JoinAsync(new ApiCall(http, node, version, new Dictionary<string, string>(StringComparer.Ordinal)), response, tunnel, ct);
                }
                else
                {
                    await AnswerAsync(http, response, ct);
                }
            }
            catch (HttpRequestException e)
            {
                throw new ClusterException(ErrorKind.Unavailable, e.InnerException is IOException way ? way.Message : e.Message, e);
            }
        }
    }

    private static async Task<HttpRequestMessage> RequestAsync(HttpContext http, ApiVersion version, string path, bool isAttached, CancellationToken ct)
    {
        var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), $"http://node/v{version}{path}{http.Request.QueryString.Value}");
        request.Headers.Add(Marker, "1");
        if (isAttached)
        {
            // Whole: afterwards the connection is no longer HTTP's.
            http.LimitBody(MostAttachedBytes);
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, ct);
            request.Content = new ByteArrayContent(body.ToArray());
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.Add(new ProductHeaderValue("tcp"));
        }
        else if (http.Request.ContentLength > 0 || http.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(http.Request.Body);
            request.Content.Headers.ContentLength = http.Request.ContentLength;
        }

        if (request.Content is not null && http.Request.ContentType is { Length: > 0 } type)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        return request;
    }

    private static async Task AnswerAsync(HttpContext http, HttpResponseMessage response, CancellationToken ct)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        foreach ((string name, IEnumerable<string> values) in response.Headers.Concat(response.Content.Headers))
        {
            if (!OwnHeaders.Contains(name))
            {
                http.Response.Headers[name] = values.ToArray();
            }
        }

        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        await using Stream body = await response.Content.ReadAsStreamAsync(ct);
        byte[] buffer = new byte[64 * 1024];
        await http.Response.StartAsync(ct);
        while (await body.ReadAsync(buffer, ct) is int count && count > 0)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, count), ct);
            await http.Response.Body.FlushAsync(ct);
        }
    }

    private static async Task JoinAsync(ApiCall call, HttpResponseMessage response, NodeTunnel tunnel, CancellationToken ct)
    {
        await using Stream far = await response.Content.ReadAsStreamAsync(ct);
        await using HijackedConnection near = await call.HijackAsync(response.Content.Headers.ContentType?.ToString() ?? "application/vnd.docker.raw-stream", ct);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task typing = TypeAsync();
        try
        {
            byte[] buffer = new byte[64 * 1024];
            while (await far.ReadAsync(buffer, ct) is int count && count > 0)
            {
                if (!await near.WriteAsync(buffer.AsMemory(0, count), ct))
                {
                    return;
                }
            }
        }
        catch (IOException e)
        {
            // HTTP is over for this connection; its end is all that can still be told.
            await near.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{e.Message}\r\n"), ct);
        }
        finally
        {
            await ended.CancelAsync();
            await typing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task TypeAsync()
        {
            byte[] buffer = new byte[32 * 1024];
            while (await near.ReadAsync(buffer, ended.Token) is int count && count > 0)
            {
                await far.WriteAsync(buffer.AsMemory(0, count), ended.Token);
                await far.FlushAsync(ended.Token);
            }

            await tunnel.CompleteWritesAsync();
        }
    }
}
