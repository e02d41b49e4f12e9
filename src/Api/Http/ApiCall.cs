using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Skep.Engine;
using Skep.Manager.Control;

namespace Skep.Api.Http;

/// <summary>One request and its answer: what handlers read from and write to.</summary>
internal sealed class ApiCall(HttpContext http, INodeContext node, ApiVersion version, IReadOnlyDictionary<string, string> path)
{
    /// <summary>Of a body that is kept in memory: a stack with its configs in one request fits.</summary>
    private const int MostJsonBytes = 16 << 20;

    public HttpContext Http => http;

    public INodeContext Node => node;

    public ApiVersion Version => version;

    /// <summary>A part of the path that the route names.</summary>
    public string this[string name] => path[name];

    /// <summary>The cluster half.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>, in Docker's words: this node is no manager.</exception>
    public ClusterControl Control => node.Control ?? throw NotAManager(node.Lifecycle.State());

    /// <summary>The node half.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: the agent does not run.</exception>
    public ContainerEngine Local => node.Local ?? throw new ClusterException(ErrorKind.Unavailable, "the agent of this node is not running: is containerd up?");

    /// <summary>The first value of a query parameter; empty if there is none.</summary>
    public string Query(string name) => http.Request.Query[name] is [{ } first, ..] ? first : "";

    /// <summary>Docker's idea of true: anything but nothing, 0, no, false and none.</summary>
    public bool Flag(string name) => Query(name).Trim().ToLowerInvariant() is not ("" or "0" or "no" or "false" or "none");

    /// <summary>The <c>version</c> parameter of an update.</summary>
    /// <param name="what">For the error: service, node …</param>
    public ulong ExpectedVersion(string what)
        => ulong.TryParse(Query("version"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw ClusterException.Invalid($"invalid {what} version '{Query("version")}': it has to be the Version.Index the change was made from");

    public QueryFilters Filters(params ReadOnlySpan<string> allowed) => QueryFilters.Parse(Query("filters"), allowed);

    /// <summary>The body.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: none, not JSON, or of another shape.</exception>
    public async Task<T> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        string contentType = http.Request.ContentType ?? "";
        string mediaType = contentType.Split(';')[0].Trim();
        if (!string.Equals(mediaType, "application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw ClusterException.Invalid(
                mediaType.Length == 0 && http.Request.ContentLength is null or 0
                    ? "invalid JSON: got EOF while reading request body"
                    : $"unsupported Content-Type header ({contentType}): must be 'application/json'");
        }

        http.LimitBody(MostJsonBytes);
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, ct)
                ?? throw ClusterException.Invalid("invalid JSON: the body is null");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"invalid JSON: the body is larger than {MostJsonBytes >> 20} MiB", e);
        }
        catch (JsonException wrong)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"invalid JSON: {wrong.Message}", wrong);
        }
    }

    public Task AnswerAsync<T>(T body, JsonTypeInfo<T> type, CancellationToken ct) => AnswerAsync(StatusCodes.Status200OK, body, type, ct);

    public async Task AnswerAsync<T>(int status, T body, JsonTypeInfo<T> type, CancellationToken ct)
    {
        // Written whole, so that a failure to serialize is still a proper error.
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(bytes, ct);
        }
    }

    public Task AnswerAsync(int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Takes the connection from HTTP, after everything that can be refused was checked. Read the body before. The handler disposes the connection at its end.</summary>
    /// <param name="contentType">Docker's <c>application/vnd.docker.raw-stream</c> or <c>…multiplexed-stream</c>.</param>
    public async Task<HijackedConnection> HijackAsync(string contentType, CancellationToken ct)
    {
        Hijacking.Hijack hijack = http.Features.Get<Hijacking.Hijack>() ?? throw new ClusterException(ErrorKind.NotImplemented, "this listener cannot hand over connections");
        bool isUpgrade = http.Request.Headers.Upgrade.Count > 0;
        // Whatever Kestrel answers after the handler is dropped; it must not wait for a further request.
        http.Response.Headers.Connection = "close";
        var connection = new HijackedConnection(hijack.Take());
        string head = isUpgrade
            ? $"HTTP/1.1 101 UPGRADED\r\nContent-Type: {contentType}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nApi-Version: {ApiVersion.Newest}\r\n\r\n"
            : $"HTTP/1.1 200 OK\r\nContent-Type: {contentType}\r\nApi-Version: {ApiVersion.Newest}\r\n\r\n";
        await connection.WriteAsync(System.Text.Encoding.ASCII.GetBytes(head), ct);
        return connection;
    }

    /// <summary>Takes the connection from HTTP and makes a web socket of it, after everything that can be refused was checked.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the client asks for none.</exception>
    public async Task<WebSocketClient> HijackWebSocketAsync(CancellationToken ct)
    {
        string key = http.Request.Headers.SecWebSocketKey.ToString();
        if (key.Length == 0 || !http.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            throw ClusterException.Invalid("this path is served to web sockets only (Upgrade: websocket)");
        }

        Hijacking.Hijack hijack = http.Features.Get<Hijacking.Hijack>() ?? throw new ClusterException(ErrorKind.NotImplemented, "this listener cannot hand over connections");
        http.Response.Headers.Connection = "close";
        var connection = new HijackedConnection(hijack.Take());
        await connection.WriteAsync(
            System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {WebSocketClient.Accept(key)}\r\n\r\n"), ct);
        return WebSocketClient.Open(connection);
    }

    private static ClusterException NotAManager(SwarmState state) => new(ErrorKind.Unavailable, state switch
    {
        { State: LocalNodeState.Locked } =>
            "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm unlock\" to unlock it.",
        { State: LocalNodeState.Inactive } =>
            "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again.",
        { State: LocalNodeState.Pending or LocalNodeState.Error, Error.Length: > 0 } => $"This node is not a swarm manager: {state.Error}",
        { State: LocalNodeState.Pending } => "This node is joining a swarm; try again in a moment.",
        { IsManager: true } => "This manager is just starting; try again in a moment.",
        _ => "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. "
            + "Please run this command on a manager node or promote the current node to a manager.",
    });
}
