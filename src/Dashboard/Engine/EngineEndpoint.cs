using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Skep.Dashboard.Engine;

/// <summary>The Engine API the page shows: Skep's or Docker's, all the room knows of a cluster. Speaks the engine's newest version that both know.</summary>
internal sealed class EngineEndpoint : IDisposable
{
    private static readonly Version Oldest = new(1, 24), Newest = new(1, 50);
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private readonly HttpClient _http;
    private volatile string? _version;

    /// <param name="host">unix:///path or tcp://host:port.</param>
    /// <exception cref="ArgumentException">Neither of these.</exception>
    public EngineEndpoint(string host)
    {
        if (!Uri.TryCreate(host, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("unix" or "tcp" or "http"))
        {
            throw new ArgumentException($"cannot show {host}: give unix:///path or tcp://host:port", nameof(host));
        }

        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 256, UseProxy = false };
        if (uri.Scheme == "unix")
        {
            handler.ConnectCallback = (_, ct) => ConnectAsync(uri.LocalPath, ct);
        }

        // Streams end when they end; what is asked once has a limit of its own.
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri(uri.Scheme == "unix" ? "http://engine/" : $"http://{uri.Authority}/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <exception cref="EngineRefusal">The engine answered with an error.</exception>
    /// <exception cref="HttpRequestException">No engine answers.</exception>
    public async Task<byte[]> GetAsync(string path, CancellationToken ct)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(15));
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseContentRead, limit.Token).ConfigureAwait(false);
        return await BodyAsync(answer, limit.Token).ConfigureAwait(false);
    }

    /// <inheritdoc cref="GetAsync"/>
    public async Task<JsonNode> ReadAsync(string path, CancellationToken ct)
        => JsonNode.Parse(await GetAsync(path, ct).ConfigureAwait(false)) ?? throw new EngineRefusal(500, $"{path}: empty answer");

    /// <inheritdoc cref="GetAsync"/>
    public async Task PostAsync(string path, JsonNode body, CancellationToken ct)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, Json);
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, path, content, HttpCompletionOption.ResponseContentRead, ct).ConfigureAwait(false);
        await BodyAsync(answer, ct).ConfigureAwait(false);
    }

    /// <summary>An answer that goes on; the caller disposes it.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<HttpResponseMessage> StreamAsync(string path, CancellationToken ct)
    {
        HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, ct).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            using (answer)
            {
                await BodyAsync(answer, ct).ConfigureAwait(false);
            }
        }

        return answer;
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, HttpCompletionOption completion, CancellationToken ct)
    {
        string version = _version ??= await NegotiateAsync(ct).ConfigureAwait(false);
        try
        {
            using var request = new HttpRequestMessage(method, $"v{version}/{path}") { Content = content };
            return await _http.SendAsync(request, completion, ct).ConfigureAwait(false);
        }
        catch (HttpRequestException)
        {
            _version = null; // What answers next may be another engine, such as an upgraded one.
            throw;
        }
    }

    /// <remarks>Source: Docker Engine API, /_ping: the header names the newest version the daemon speaks; one without it speaks none that we do.</remarks>
    private async Task<string> NegotiateAsync(CancellationToken ct)
    {
        using HttpResponseMessage pong = await _http.GetAsync("_ping", ct).ConfigureAwait(false);
        await BodyAsync(pong, ct).ConfigureAwait(false);
        string told = pong.Headers.TryGetValues("Api-Version", out IEnumerable<string>? values) ? values.First() : "";
        return !Version.TryParse(told, out Version? newest) || newest < Oldest
            ? throw new EngineRefusal(501, $"the engine speaks API version {(told.Length > 0 ? told : "unknown")}; {Oldest} is the oldest this page understands")
            : (newest < Newest ? newest : Newest).ToString();
    }

    private static async Task<byte[]> BodyAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        byte[] body = await answer.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
        return answer.IsSuccessStatusCode ? body : throw new EngineRefusal((int)answer.StatusCode, MessageOf(body));
    }

    private static string MessageOf(byte[] body)
    {
        try
        {
            return (string?)JsonNode.Parse(body)?["message"] ?? "the engine gave no reason";
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(body).Trim();
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>The engine answered with an error; the message is its own.</summary>
internal sealed class EngineRefusal(int status, string message) : Exception(message)
{
    public int Status => status;
}
