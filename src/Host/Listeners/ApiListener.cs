using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Api;
using Skep.Api.Http;
using Skep.Api.Relay;

namespace Skep.Host.Listeners;

/// <summary>The Engine API on the node's unix socket, for root and the socket's group; over TLS where options say so; and, the relayed part of it, on a socket of its own for this node's gRPC listener.</summary>
internal static class ApiListener
{
    private const UnixFileMode OwnMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: another daemon serves the socket.</exception>
    public static async Task<WebApplication> StartAsync(string socket, string relaySocket, string group, ApiTls? tls, INodeContext node, DashboardListener dashboard, TimeProvider time, ConsoleLog log, CancellationToken ct)
    {
        foreach (string path in new[] { socket, relaySocket })
        {
            await RemoveStaleAsync(path, ct).ConfigureAwait(false);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }

        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(log);
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ListenUnixSocket(socket, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHijacking();
            });
            kestrel.ListenUnixSocket(relaySocket, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseRelay();
                listen.UseHijacking();
            });
            foreach (IPEndPoint address in tls?.Addresses ?? [])
            {
                kestrel.Listen(address, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    tls!.Secure(listen);
                    listen.UseHijacking();
                });
            }
        });
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.UseRelayRules();
        dashboard.AddTo(app);
        EngineApi.Map(app, node, time, log.CreateLogger<EngineApi>());
        try
        {
            await app.StartAsync(ct).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new ClusterException(ErrorKind.FailedPrecondition, $"cannot serve the Engine API: {e.Message}; choose other addresses with --socket and --host", e);
        }

        File.SetUnixFileMode(relaySocket, OwnMode);
        File.SetUnixFileMode(socket, SocketMode);
        LibC.TryChangeGroup(socket, group);
        return app;
    }

    /// <summary>A killed daemon leaves its socket file behind; a living one answers on it.</summary>
    private static async Task RemoveStaleAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), ct).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new ClusterException(ErrorKind.FailedPrecondition, $"another daemon serves {path}; stop it, or choose another socket with --socket");
    }
}
