using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Manager;
using Skep.Rpc.Security;
using Skep.Worker.Agent;
using Skep.Worker.PeerServices;

namespace Skep.Host.Listeners;

/// <summary>The gRPC listener other nodes connect to (2377): mutual TLS 1.3, and who may call what is asked before every call.</summary>
internal sealed class PeerListener : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PeerListener(WebApplication app) => _app = app;

    /// <summary>Listens until disposed.</summary>
    /// <param name="manager">Null on a worker, which serves images and logs only.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the address is taken or not this machine's.</exception>
    public static async Task<PeerListener> StartAsync(IPEndPoint address, IdentityHolder identity, WorkerAgent agent, ManagerNode? manager, TimeProvider time, ILoggerProvider logs, CancellationToken ct)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(logs);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 4096;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 4 << 20;
            kestrel.Limits.Http2.InitialStreamWindowSize = 1 << 20;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(2);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(2);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(TlsFor(identity, time)) });
            });
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = 64 << 20);
        builder.Services.AddSingleton(agent.PeerImages).AddSingleton(agent.NodeLogs).AddSingleton(agent.NodeEngine);
        if (manager is not null)
        {
            builder.Services.AddSingleton(manager.Certificates).AddSingleton(manager.Members).AddSingleton(manager.Liveness).AddSingleton(manager.Dispatch);
        }

        WebApplication app = builder.Build();
        app.Use((context, next) => AuthorizeAsync(context, next, identity, id => manager?.Store.View().Cluster?.RemovedNodes.ContainsKey(id) == true));
        app.MapGrpcService<PeerImagesService>();
        app.MapGrpcService<NodeLogsService>();
        app.MapGrpcService<NodeEngineService>();
        if (manager is not null)
        {
            app.MapGrpcService<Manager.Ca.CertificateAuthorityService>();
            app.MapGrpcService<Manager.Consensus.RaftService>();
            app.MapGrpcService<Manager.Liveness.LivenessService>();
            app.MapGrpcService<Manager.Dispatch.DispatchService>();
        }

        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new ClusterException(ErrorKind.FailedPrecondition, $"cannot listen on {address}: {e.Message}; choose another with --listen-addr", e);
        }

        return new PeerListener(app);
    }

    public async ValueTask DisposeAsync()
    {
        // Sessions are endless; waiting for them to end by themselves would be waiting for ever.
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private static SslServerAuthenticationOptions TlsFor(IdentityHolder identity, TimeProvider time)
    {
        NodeIdentity current = identity.Current;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = current.Chain,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            // No certificate is a machine about to join; which calls that is good for is decided per service.
            RemoteCertificateValidationCallback = (_, certificate, chain, _) => certificate is null
                || (certificate is X509Certificate2 c && NodeIdentity.IsTrusted(c, current.Roots, time.GetUtcNow(), chain?.ChainPolicy.ExtraStore)),
            AllowTlsResume = false,
        };
    }

    private static Task AuthorizeAsync(HttpContext context, RequestDelegate next, IdentityHolder identity, Func<NodeId, bool> isRemoved)
    {
        if (CallAuthorization.Refusal(context, identity.Current.Cluster, isRemoved) is not { } refusal)
        {
            return next(context);
        }

        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)refusal.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(refusal.Detail);
        return Task.CompletedTask;
    }
}
