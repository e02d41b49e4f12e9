using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skep.Wire;

namespace Skep.Cli.Engine;

/// <summary>Speaks the Engine API with one daemon.</summary>
/// <remarks>The first request is preceded by a ping, whose <c>Api-Version</c> header settles the version, unless one was fixed.</remarks>
internal sealed class EngineClient : IDisposable
{
    /// <summary>The newest version that this client speaks.</summary>
    public const string NewestVersion = "1.50";
    private const string VersionOfTheSilent = "1.24";

    private readonly EngineHost _host;
    private readonly HttpClient _http;
    private readonly Action<string>? _trace;
    private string? _version;

    public EngineClient(EngineHost host, string? fixedVersion, Action<string>? trace)
    {
        _host = host;
        _version = fixedVersion;
        _trace = trace;
        SocketsHttpHandler handler = new() { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        handler.ConnectCallback = async (_, cancellation) => await host.OpenAsync(cancellation);
        _http = new HttpClient(handler) { BaseAddress = host.Address ?? new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public string Host => _host.Text;

    /// <summary>The version agreed on; asks the daemon where that has not been done.</summary>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        if (_version is not null)
        {
            return _version;
        }

        using HttpResponseMessage reply = await ExchangeAsync(new HttpRequestMessage(HttpMethod.Head, "/_ping"), cancellation);
        string offered = reply.Headers.TryGetValues("Api-Version", out IEnumerable<string>? values) ? values.First() : VersionOfTheSilent;
        return _version = IsOlder(offered, NewestVersion) ? offered : NewestVersion;
    }

    /// <summary>Whether the agreed version is <paramref name="version"/> or newer.</summary>
    public async Task<bool> SpeaksAsync(string version, CancellationToken cancellation) => !IsOlder(await VersionAsync(cancellation), version);

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Get, path, null, null, cancellation);
        return await ReadAsync(reply, type, cancellation);
    }

    /// <summary>The body as it came, for <c>inspect</c>.</summary>
    public async Task<JsonElement> GetRawAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Get, path, null, null, cancellation);
        using JsonDocument document = JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync(cancellation));
        return document.RootElement.Clone();
    }

    public async Task PostAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> type, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Post, path, Json(body, type), null, cancellation);
    }

    public async Task<T> PostAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<TBody> type, JsonTypeInfo<T> answer, CancellationToken cancellation, string? registryAuth = null)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Post, path, Json(body, type), registryAuth, cancellation);
        return await ReadAsync(reply, answer, cancellation);
    }

    /// <summary>Without a body.</summary>
    public async Task PostAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Post, path, null, null, cancellation);
    }

    /// <summary>Without a body, with an answer.</summary>
    public async Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Post, path, null, null, cancellation);
        return await ReadAsync(reply, answer, cancellation);
    }

    public async Task DeleteAsync(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Delete, path, null, null, cancellation);
    }

    public async Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellation)
    {
        using HttpResponseMessage reply = await SendAsync(HttpMethod.Delete, path, null, null, cancellation);
        return await ReadAsync(reply, answer, cancellation);
    }

    /// <summary>The answer while it still comes; the caller disposes it.</summary>
    /// <exception cref="EngineException">The daemon refused.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, HttpContent? body, string? registryAuth, CancellationToken cancellation)
    {
        string version = await VersionAsync(cancellation);
        HttpRequestMessage request = new(method, $"/v{version}{path}") { Content = body };
        if (registryAuth is not null)
        {
            request.Headers.Add("X-Registry-Auth", registryAuth);
        }

        HttpResponseMessage reply = await ExchangeAsync(request, cancellation);
        if ((int)reply.StatusCode < 400)
        {
            return reply;
        }

        using (reply)
        {
            throw new EngineException(reply.StatusCode, await ReasonAsync(reply, path, cancellation));
        }
    }

    /// <summary>Posts a body, if any, and takes the connection from HTTP; the caller disposes it.</summary>
    /// <exception cref="EngineException">The daemon refused.</exception>
    public async Task<AttachedStream> AttachAsync(string path, byte[]? body, CancellationToken cancellation)
    {
        string version = await VersionAsync(cancellation);
        EngineConnection? connection = null;
        SocketsHttpHandler handler = new() { UseProxy = false, UseCookies = false };
        handler.ConnectCallback = async (_, token) => connection = await _host.OpenAsync(token);
        HttpClient http = new(handler) { BaseAddress = _http.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        HttpRequestMessage request = new(HttpMethod.Post, $"/v{version}{path}") { Content = new ByteArrayContent(body ?? []) };
        request.Content.Headers.ContentType = body is null ? null : new MediaTypeHeaderValue("application/json");
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new ProductHeaderValue("tcp"));
        _trace?.Invoke($"{request.Method} {request.RequestUri}");
        HttpResponseMessage reply = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (reply.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            return new AttachedStream(http, reply, await reply.Content.ReadAsStreamAsync(cancellation), connection!);
        }

        using (http)
        using (reply)
        {
            throw new EngineException(reply.StatusCode, await ReasonAsync(reply, path, cancellation));
        }
    }

    public void Dispose() => _http.Dispose();

    private static bool IsOlder(string version, string than) => Version.TryParse(version, out Version? a) && Version.TryParse(than, out Version? b) && a < b;

    private static ByteArrayContent Json<T>(T body, JsonTypeInfo<T> type)
    {
        ByteArrayContent content = new(JsonSerializer.SerializeToUtf8Bytes(body, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage reply, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        byte[] body = await reply.Content.ReadAsByteArrayAsync(cancellation);
        try
        {
            return (body.Length == 0 ? default : JsonSerializer.Deserialize(body, type)) ?? throw new CliException("the daemon's answer is empty");
        }
        catch (JsonException failure)
        {
            throw new CliException($"the daemon's answer is not understood: {failure.Message}");
        }
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage reply, string path, CancellationToken cancellation)
    {
        string text = await reply.Content.ReadAsStringAsync(cancellation);
        try
        {
            if (text.StartsWith('{') && JsonSerializer.Deserialize(text, WireJson.Default.WireError)?.Message is { } message)
            {
                return message.Trim();
            }
        }
        catch (JsonException)
        {
            return text.Trim();
        }

        return text.Trim() is { Length: > 0 } plain
            ? plain
            : string.Create(CultureInfo.InvariantCulture, $"request returned {(int)reply.StatusCode} for API route {path}, check if the server supports the requested API version");
    }

    private async Task<HttpResponseMessage> ExchangeAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        _trace?.Invoke($"{request.Method} {request.RequestUri}");
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException failure) when (failure.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new CliException($"permission denied while trying to connect to the Skep daemon at {Host}: run as root, or become a member of the socket's group");
        }
        catch (HttpRequestException failure) when (failure.InnerException is SocketException || failure.HttpRequestError == HttpRequestError.NameResolutionError)
        {
            throw new CliException($"Cannot connect to the Skep daemon at {Host}. Is skepd running? Start it (systemctl start skep), or name another socket with -H or SKEP_HOST.");
        }
        catch (HttpRequestException failure)
        {
            throw new CliException($"error during connect: {request.Method} {request.RequestUri}: {failure.InnerException?.Message ?? failure.Message}");
        }
    }
}
