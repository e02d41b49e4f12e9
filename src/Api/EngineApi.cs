using System.Diagnostics;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Skep.Api.Cluster;
using Skep.Api.Daemon;
using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Api.Relay;
using Skep.Rpc;

namespace Skep.Api;

/// <summary>The Docker Engine API of one node, versions 1.24 to 1.50.</summary>
public sealed class EngineApi
{
    private readonly RouteTable _routes;
    private readonly INodeContext _node;
    private readonly ILogger<EngineApi> _logger;
    private readonly TimeProvider _time;

    private EngineApi(INodeContext node, TimeProvider time, ILogger<EngineApi> logger)
    {
        _node = node;
        _time = time;
        _logger = logger;
        _routes = Routes(time);
    }

    /// <summary>Everything that is served, and what is said to be not.</summary>
    internal static RouteTable Routes(TimeProvider time)
    {
        var routes = new RouteTable();
        SystemRoutes.AddTo(routes, time);
        SwarmRoutes.AddTo(routes);
        BackupRoutes.AddTo(routes);
        NodeRoutes.AddTo(routes);
        ServiceRoutes.AddTo(routes);
        TaskRoutes.AddTo(routes);
        LogRoutes.AddTo(routes, time);
        SecretRoutes.AddTo(routes);
        ConfigRoutes.AddTo(routes);
        NetworkRoutes.AddTo(routes, time);
        StackRoutes.AddTo(routes);
        ContainerRoutes.AddTo(routes, time);
        ImageRoutes.AddTo(routes, time);
        ImageTransferRoutes.AddTo(routes);
        ExecRoutes.AddTo(routes);
        StatsRoutes.AddTo(routes, time);
        ArchiveRoutes.AddTo(routes);
        StandaloneRoutes.AddTo(routes, time);
        AttachRoutes.AddTo(routes);
        VolumeRoutes.AddTo(routes);
        // Last: what was added before is served.
        UnsupportedRoutes.AddTo(routes);
        return routes;
    }

    /// <summary>Serves every path of these endpoints.</summary>
    /// <param name="time">For event times and the ends of streams.</param>
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, INodeContext node, TimeProvider time, ILogger<EngineApi> logger)
        => endpoints.Map("{**path}", new EngineApi(node, time, logger).MeasureAsync);

    private async Task MeasureAsync(HttpContext http)
    {
        using Activity? trace = ApiMetrics.Trace(http.Request.Method, http.Request.Path.Value ?? "/");
        if (!ApiMetrics.Enabled)
        {
            await ServeAsync(http);
            return;
        }

        long start = _time.GetTimestamp();
        TimeSpan? begun = null;
        http.Response.OnStarting(() =>
        {
            begun = _time.GetElapsedTime(start);
            return Task.CompletedTask;
        });
        await ServeAsync(http);
        // A connection taken from HTTP never begins an answer; an answer without a body begins once the handler has ended.
        bool isTaken = begun is null && http.Response.Headers.Connection == "close";
        int status = isTaken ? StatusCodes.Status101SwitchingProtocols : http.Response.StatusCode;
        ApiMetrics.Answered(http.Request.Method, http.Request.Path.Value ?? "/", status, begun ?? (isTaken ? null : _time.GetElapsedTime(start)));
        trace?.SetTag("http.response.status_code", status);
    }

    private async Task ServeAsync(HttpContext http)
    {
        CancellationToken ct = http.RequestAborted;
        try
        {
            SetHeaders(http.Response.Headers);
            await DispatchAsync(http, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
        catch (Exception error)
        {
            if (await IsHangUpAsync(error, ct))
            {
                _logger.ClientHungUp(http.Request.Method, http.Request.Path.Value ?? "/", error.Message);
                http.Abort();
                return;
            }

            await AnswerErrorAsync(http, error, ct);
        }
    }

    /// <remarks>A request that is wrong, or ended too early, is refused with its status.</remarks>
    private static async ValueTask<bool> IsHangUpAsync(Exception error, CancellationToken ct)
        => error is not BadHttpRequestException && await HangUps.IsHangUpAsync(error, ct, static e => e is HttpRequestException or RpcException { StatusCode: StatusCode.Cancelled });

    private Task DispatchAsync(HttpContext http, CancellationToken ct)
    {
        string path = http.Request.Path.Value ?? "/";
        ApiVersion version = ApiVersion.Newest;
        if (ApiVersion.TryStrip(path, out ApiVersion asked, out string? rest))
        {
            // A ping answers whatever the version, so that clients can find out which to use.
            if (rest != "/_ping")
            {
                asked.RequireServed();
            }

            version = asked;
            path = rest;
        }

        return ServeAsync(http, version, path, ct);
    }

    private async Task ServeAsync(HttpContext http, ApiVersion version, string path, CancellationToken ct)
    {
        (path, bool isAnswered) = await ContainerRelay.RouteAsync(http, _node, version, path, ct);
        if (isAnswered)
        {
            return;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        ApiHandler handler = _routes.Find(http.Request.Method, path, values) ?? throw new ClusterException(ErrorKind.NotFound, "page not found");
        await handler(new ApiCall(http, _node, version, values), ct);
    }

    private async Task AnswerErrorAsync(HttpContext http, Exception error, CancellationToken ct)
    {
        (int status, string message) = Describe(error);
        string path = http.Request.Path.Value ?? "/";
        if (status == StatusCodes.Status500InternalServerError && error is not ClusterException)
        {
            _logger.RequestFailed(error, http.Request.Method, path);
        }
        else
        {
            _logger.RequestRefused(http.Request.Method, path, status, message);
        }

        if (http.Response.HasStarted)
        {
            // Too late for a status: cutting the connection is the only honest sign that the answer is not whole.
            http.Abort();
            return;
        }

        http.Response.Clear();
        SetHeaders(http.Response.Headers);
        try
        {
            await new ApiCall(http, _node, ApiVersion.Newest, new Dictionary<string, string>(StringComparer.Ordinal))
                .AnswerAsync(status, new WireError { Message = message }, WireJson.Default.WireError, ct);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            _logger.ClientHungUp(http.Request.Method, path, gone.Message);
        }
    }

    private static (int Status, string Message) Describe(Exception error) => error switch
    {
        ClusterException refused => (refused.Kind.ToHttpStatus(), refused.Message),
        BadHttpRequestException bad => (bad.StatusCode, bad.Message),
        _ => (StatusCodes.Status500InternalServerError, $"internal error: {error.Message}"),
    };

    private void SetHeaders(IHeaderDictionary headers)
    {
        headers["Api-Version"] = ApiVersion.Newest.ToString();
        headers["Docker-Experimental"] = "false";
        headers["Ostype"] = "linux";
        headers.Server = $"Docker/{_node.Facts.Version} (linux)";
    }
}
