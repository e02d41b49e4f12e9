using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Skep.Api;
using Skep.Dashboard.Access;
using Skep.Dashboard.Pages;

namespace Skep.Host.Listeners;

/// <summary>The dashboard while this node is a manager, and the links to it that the socket's owner may ask for.</summary>
internal sealed class DashboardListener(int port, PageCertificate? certificate, string socket, string runDirectory, INodeContext node, TimeProvider time, ConsoleLog log)
{
    private static readonly TimeSpan RoleCheck = TimeSpan.FromSeconds(1);
    private readonly ILogger _logger = log.CreateLogger(nameof(DashboardListener));
    private volatile DashboardServer? _server;

    /// <summary><c>POST /dashboard/link</c>: the page's address with a token that is good once.</summary>
    public void AddTo(IEndpointRouteBuilder endpoints)
    {
        endpoints.Map("/dashboard/link", LinkAsync);
        endpoints.Map("/v{version}/dashboard/link", LinkAsync);
    }

    /// <summary>Follows the node's role until cancelled. A port that is taken costs the page, not the node.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        if (port == 0)
        {
            return;
        }

        var options = new DashboardOptions { Host = "unix://" + socket, Listen = new IPEndPoint(IPAddress.Any, port), KeyFile = Path.Combine(runDirectory, "dashboard.key"), Certificate = certificate };
        using var timer = new PeriodicTimer(RoleCheck, time);
        bool failed = false;
        try
        {
            do
            {
                bool isManager = node.Lifecycle.State() is { IsManager: true };
                if (isManager && _server is null)
                {
                    try
                    {
                        _server = await DashboardServer.StartAsync(options, log, time, ct).ConfigureAwait(false);
                        failed = false;
                    }
                    catch (IOException e)
                    {
                        if (!failed)
                        {
                            _logger.DashboardNotServed(port, e.Message);
                        }

                        failed = true;
                    }
                }
                else if (!isManager && _server is { } server)
                {
                    _server = null;
                    await server.DisposeAsync().ConfigureAwait(false);
                }
            }
            while (await timer.WaitForNextTickAsync(ct).ConfigureAwait(false));
        }
        finally
        {
            if (_server is { } server)
            {
                await server.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task LinkAsync(HttpContext http)
    {
        bool isPost = HttpMethods.IsPost(http.Request.Method);
        SwarmState state = node.Lifecycle.State();
        if (!isPost || _server is not { } server)
        {
            http.Response.StatusCode = isPost ? 503 : 405;
            string reason = !isPost ? "method not allowed" : port == 0 ? "the dashboard is off on this node (--dashboard-port 0)" : "the dashboard is served by managers; this node is none, or its port is taken";
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync($"{{\"message\":\"{reason}\"}}\n", http.RequestAborted).ConfigureAwait(false);
            return;
        }

        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync($"\"{DashboardTls.Link(certificate, state.NodeAddress, port)}?token={server.Sessions.MintToken()}\"\n", http.RequestAborted).ConfigureAwait(false);
    }
}
