using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Skep.Host.Metrics;

/// <summary>Serves <c>/metrics</c> to Prometheus, where <c>--metrics-addr</c> says.</summary>
internal static class MetricsListener
{
    public const int DefaultPort = 9323;

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the address is taken or not this machine's.</exception>
    public static async Task<WebApplication> StartAsync(IPEndPoint address, MetricStore metrics, ConsoleLog log, CancellationToken ct)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(log);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64; // Open to who may reach it: a crowd must not cost the daemon memory.
            kestrel.Listen(address, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.Run(http => AnswerAsync(http, metrics));
        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new ClusterException(ErrorKind.FailedPrecondition, $"cannot serve metrics on {address}: {e.Message}; choose another address with --metrics-addr", e);
        }

        return app;
    }

    /// <summary><c>ADDRESS:PORT</c>, <c>ADDRESS</c>, or a port alone, which then is the machine's own (loopback).</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    public static IPEndPoint Parse(string text)
    {
        if (ushort.TryParse(text.TrimStart(':'), out ushort port))
        {
            return new IPEndPoint(IPAddress.Loopback, port);
        }

        return IPEndPoint.TryParse(text, out IPEndPoint? address)
            ? new IPEndPoint(address.Address, address.Port == 0 ? DefaultPort : address.Port)
            : throw ClusterException.Invalid($"--metrics-addr {text}: must be ADDRESS:PORT, such as 127.0.0.1:{DefaultPort} or 0.0.0.0:{DefaultPort}");
    }

    private static async Task AnswerAsync(HttpContext http, MetricStore metrics)
    {
        if (http.Request.Path != "/metrics")
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            await http.Response.WriteAsync("/metrics is what there is\n", http.RequestAborted).ConfigureAwait(false);
            return;
        }

        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await http.Response.WriteAsync(metrics.Text(), http.RequestAborted).ConfigureAwait(false);
    }
}
