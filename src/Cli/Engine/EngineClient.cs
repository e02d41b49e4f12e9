using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Skep.Wire;

namespace Skep.Cli.Engine;

/// <summary>Speaks the Engine API with one daemon.</summary>
/// <remarks>The first request is preceded by a ping, whose <c>Api-Version</c> header settles the version, unless one was fixed.</remarks>
internal sealed class EngineClient(EngineHost host, string? fixedVersion, Action<string>? trace) : IDisposable
{
    /// <summary>The newest version that this client speaks.</summary>
    public const string NewestVersion = "1.50";
    private const string VersionOfTheSilent = "1.24";

    private readonly Stack<HttpConnection> _idle = new();
    private readonly Lock _gate = new();
    private string? _version = fixedVersion;
    private bool _isDisposed;

    public string Host => host.Text;

    /// <summary>Where the daemon is.</summary>
    public EngineHost Place => host;

    /// <summary>The version agreed on; asks the daemon where that has not been done.</summary>
    public async Task<string> VersionAsync(CancellationToken cancellation)
    {
        if (_version is not null)
        {
            return _version;
        }

        using EngineReply reply = await ExchangeAsync("HEAD", "/_ping", [], null, cancellation);
        string offered = reply.Header("Api-Version") ?? (reply.Status == HttpStatusCode.OK ? VersionOfTheSilent : throw ConnectTrouble.NoDaemon(host, reply.Status));
        return _version = IsOlder(offered, NewestVersion) ? offered : NewestVersion;
    }

    /// <summary>Whether the agreed version is <paramref name="version"/> or newer.</summary>
    public async Task<bool> SupportsAsync(string version, CancellationToken cancellation) => !IsOlder(await VersionAsync(cancellation), version);

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("GET", path, null, null, cancellation);
        return await ReadAsync(reply, type, cancellation);
    }

    /// <summary>The body as it came, for <c>inspect</c>.</summary>
    public async Task<JsonElement> GetRawAsync(string path, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("GET", path, null, null, cancellation);
        using JsonDocument document = JsonDocument.Parse(await reply.ReadAsync(cancellation));
        return document.RootElement.Clone();
    }

    public async Task PostAsync<TBody>(string path, TBody body, JsonTypeInfo<TBody> type, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("POST", path, Json(body, type), null, cancellation);
    }

    public async Task<T> PostAsync<TBody, T>(
        string path, TBody body, JsonTypeInfo<TBody> type, JsonTypeInfo<T> answer, CancellationToken cancellation, string? registryAuth = null)
    {
        using EngineReply reply = await SendAsync("POST", path, Json(body, type), registryAuth, cancellation);
        return await ReadAsync(reply, answer, cancellation);
    }

    /// <summary>Without a body.</summary>
    public async Task PostAsync(string path, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("POST", path, null, null, cancellation);
    }

    /// <summary>Without a body, with an answer.</summary>
    public async Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("POST", path, null, null, cancellation);
        return await ReadAsync(reply, answer, cancellation);
    }

    public async Task DeleteAsync(string path, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("DELETE", path, null, null, cancellation);
    }

    public async Task<T> DeleteAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancellation)
    {
        using EngineReply reply = await SendAsync("DELETE", path, null, null, cancellation);
        return await ReadAsync(reply, answer, cancellation);
    }

    /// <summary>The answer while it still comes; the caller disposes it.</summary>
    /// <exception cref="EngineException">The daemon refused.</exception>
    public Task<EngineReply> SendAsync(string method, string path, EngineBody? body, string? registryAuth, CancellationToken cancellation)
        => SendWithAsync(registryAuth is null ? [] : [("X-Registry-Auth", registryAuth)], method, path, body, cancellation);

    /// <inheritdoc cref="SendAsync"/>
    public async Task<EngineReply> SendWithAsync((string Name, string Value)[] headers, string method, string path, EngineBody? body, CancellationToken cancellation)
    {
        string version = await VersionAsync(cancellation);
        EngineReply reply = await ExchangeAsync(method, $"/v{version}{path}", headers, body, cancellation);
        if ((int)reply.Status < 400)
        {
            return reply;
        }

        using (reply)
        {
            throw new EngineException(reply.Status, await ReasonAsync(reply, path, cancellation));
        }
    }

    /// <summary>Posts a body, if any, and takes the connection from HTTP; the caller disposes it.</summary>
    /// <exception cref="EngineException">The daemon refused.</exception>
    public async Task<AttachedStream> AttachAsync(string path, byte[]? body, CancellationToken cancellation)
    {
        string version = await VersionAsync(cancellation);
        string target = $"/v{version}{path}";
        trace?.Invoke($"POST {Host}{target}");
        HttpConnection connection = await ConnectAsync("POST", target, cancellation);
        try
        {
            EngineReply reply = await connection.SendAsync(
                "POST", target, host.Authority, [("Connection", "Upgrade"), ("Upgrade", "tcp")], body is null ? null : EngineBody.Json(body), cancellation);
            if (reply.Status == HttpStatusCode.SwitchingProtocols)
            {
                return new AttachedStream(reply.Body, connection.Raw);
            }

            using (reply)
            {
                throw new EngineException(reply.Status, await ReasonAsync(reply, path, cancellation));
            }
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            while (_idle.TryPop(out HttpConnection? connection))
            {
                connection.Dispose();
            }
        }
    }

    private static bool IsOlder(string version, string than) => Version.TryParse(version, out Version? a) && Version.TryParse(than, out Version? b) && a < b;

    private static EngineBody Json<T>(T body, JsonTypeInfo<T> type) => EngineBody.Json(JsonSerializer.SerializeToUtf8Bytes(body, type));

    private static async Task<T> ReadAsync<T>(EngineReply reply, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        byte[] body = await reply.ReadAsync(cancellation);
        try
        {
            return (body.Length == 0 ? default : JsonSerializer.Deserialize(body, type)) ?? throw new CliException("the daemon's answer is empty");
        }
        catch (JsonException failure)
        {
            throw new CliException($"the daemon's answer is not understood: {failure.Message}");
        }
    }

    private static async Task<string> ReasonAsync(EngineReply reply, string path, CancellationToken cancellation)
    {
        string text = Encoding.UTF8.GetString(await reply.ReadAsync(cancellation));
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
            : string.Create(CultureInfo.InvariantCulture, $"request returned {(int)reply.Status} for API route {path}, check if the server supports the requested API version");
    }

    private async Task<EngineReply> ExchangeAsync(string method, string target, (string Name, string Value)[] headers, EngineBody? body, CancellationToken cancellation)
    {
        trace?.Invoke($"{method} {Host}{target}");
        while (true)
        {
            bool isKept = TakeIdle(out HttpConnection? connection);
            connection ??= await ConnectAsync(method, target, cancellation);
            try
            {
                return await connection.SendAsync(method, target, host.Authority, headers, body, cancellation);
            }
            catch (Exception failure) when (failure is IOException or SocketException && isKept && body is null or { IsRepeatable: true })
            {
                connection.Dispose(); // The daemon had closed it meanwhile.
            }
            catch (Exception failure) when (failure is IOException or SocketException)
            {
                connection.Dispose();
                throw failure is IOException noAnswer
                    ? ConnectTrouble.NoAnswer(host, $"{method} {Host}{target}", noAnswer)
                    : new CliException($"error during connect: {method} {Host}{target}: {failure.Message}");
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    private bool TakeIdle(out HttpConnection? connection)
    {
        lock (_gate)
        {
            return _idle.TryPop(out connection);
        }
    }

    private async Task<HttpConnection> ConnectAsync(string method, string target, CancellationToken cancellation)
    {
        try
        {
            return new HttpConnection(await host.OpenAsync(cancellation), Keep);
        }
        catch (SocketException failure)
        {
            throw ConnectTrouble.NoConnection(host, failure);
        }
        catch (IOException failure)
        {
            throw ConnectTrouble.NoAnswer(host, $"{method} {Host}{target}", failure);
        }
    }

    private void Keep(HttpConnection connection)
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _idle.Push(connection);
                return;
            }
        }

        connection.Dispose();
    }
}
