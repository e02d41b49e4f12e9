using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Dashboard.Access;
using Skep.Dashboard.Engine;
using Skep.Dashboard.Feed;

namespace Skep.Dashboard.Pages;

/// <summary>Serves the page for one Engine API until disposed.</summary>
public sealed class DashboardServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly EngineEndpoint _engine;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _feeding;

    private DashboardServer(WebApplication app, EngineEndpoint engine, ClusterFeed feed, Sessions sessions)
    {
        _app = app;
        _engine = engine;
        Sessions = sessions;
        _feeding = feed.RunAsync(_stop.Token);
    }

    public Sessions Sessions { get; }

    /// <exception cref="IOException">The address is taken.</exception>
    /// <exception cref="ArgumentException">The host is not understood.</exception>
    public static async Task<DashboardServer> StartAsync(DashboardOptions options, ILoggerProvider? logs, TimeProvider time, CancellationToken ct)
    {
        var sessions = new Sessions(time, options.KeyFile);
        var engine = new EngineEndpoint(options.Host);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (logs is not null)
        {
            builder.Logging.AddProvider(logs);
        }

        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 16384;
            kestrel.Listen(options.Listen, listen =>
            {
                if (options.Certificate is { } certificate)
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificate.Current()) });
                }
            });
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        var feed = new ClusterFeed(engine, time);
        new DashboardRoutes(engine, feed, sessions, options).AddTo(app);
        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            engine.Dispose();
            throw;
        }

        return new DashboardServer(app, engine, feed, sessions);
    }

    /// <summary>Whether the engine answers now.</summary>
    public async Task<bool> EngineAnswersAsync(CancellationToken ct)
    {
        try
        {
            await _engine.GetAsync("_ping", ct).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is HttpRequestException or IOException or EngineRefusal or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _engine.Dispose();
        _stop.Dispose();
    }
}
