using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Manager;
using Skep.Rpc;
using Skep.Rpc.Security;
using Skep.Worker.Agent;
using Skep.Worker.PeerServices;

namespace Skep.Host.Listeners;

/// <summary>The gRPC listener other nodes connect to (2377): mutual TLS 1.3, every call authorized (<see cref="CallAudiences"/>), and the standard health service for members.</summary>
internal sealed class PeerListener : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    private PeerListener(WebApplication app, NodeHealth health)
    {
        _app = app;
        _running = Task.WhenAll(health.RunAsync(_stopping.Token), app.Services.GetRequiredService<OpenStreams>().RunAsync(_stopping.Token));
    }

    /// <summary>Listens until disposed.</summary>
    /// <param name="manager">Null on a worker, which serves images and logs only.</param>
    /// <param name="isReady">Whether the node does its part.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the address is taken or not this machine's.</exception>
    public static async Task<PeerListener> StartAsync(IPEndPoint address, IdentityHolder identity, IClusterMembers members, WorkerAgent agent, ManagerNode? manager, Func<bool> isReady, TimeProvider time, ILoggerProvider logs, CancellationToken ct)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(logs);
        // Our own edge says what happened to a call, at the level it deserves; the framework calls every hang-up an error.
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Skep", LogLevel.Debug).AddFilter("Grpc", LogLevel.Critical);
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
        builder.Services.AddNodeGrpc(members);
        var health = new NodeHealth(isReady, manager is null ? null : () => manager.Raft.Status.Leader != 0, time);
        builder.Services.AddSingleton(health.Service).AddSingleton(agent.PeerImages).AddSingleton(agent.NodeLogs).AddSingleton(agent.NodeEngine);
        if (manager is not null)
        {
            builder.Services.AddSingleton(manager.Certificates).AddSingleton(manager.Members).AddSingleton(manager.Liveness).AddSingleton(manager.Dispatch);
        }

        WebApplication app = builder.Build();
        app.UseAnonymousLimit();
        app.MapGrpcService<Grpc.HealthCheck.HealthServiceImpl>();
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
            throw NotFree(address, e);
        }

        return new PeerListener(app, health);
    }

    /// <summary>Whether <see cref="StartAsync"/> would find the address free now.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: it would not.</exception>
    public static void RequireFree(string address)
    {
        IPEndPoint end = IPEndPoint.Parse(address);
        using var probe = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(end);
            probe.Listen();
        }
        catch (SocketException e)
        {
            throw NotFree(end, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Sessions are endless; waiting for them to end by themselves would be waiting for ever.
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private static ClusterException NotFree(IPEndPoint address, Exception error)
        => new(ErrorKind.FailedPrecondition, $"cannot listen on {address}: {error.Message}; choose another with --listen-addr", error);

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
                || (certificate is X509Certificate2 c && identity.Trusts(c, time.GetUtcNow(), chain?.ChainPolicy.ExtraStore)),
            AllowTlsResume = false,
        };
    }
}
