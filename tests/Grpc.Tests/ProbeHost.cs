using System.Net;
using System.Net.Sockets;
using Grpc.AspNetCore.Server;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrpcTests;

/// <summary>The C# server on a unix socket, a loopback port and a loopback port with mutual TLS.</summary>
public sealed class ProbeHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ProbeHost(WebApplication app, string folder, Certificates certificates)
    {
        _app = app;
        UnixPath = Path.Combine(folder, "csharp.sock");
        Certificates = certificates;
        int[] ports = app.Urls.Where(u => !u.Contains("unix", StringComparison.Ordinal)).Select(u => new Uri(u).Port).ToArray();
        TcpPort = ports[0];
        TlsPort = ports[1];
    }

    public string UnixPath { get; }

    public int TcpPort { get; }

    public int TlsPort { get; }

    public Certificates Certificates { get; }

    public ProbeLog Log => _app.Services.GetRequiredService<ProbeLog>();

    public static async Task<ProbeHost> StartAsync(
        string folder, Certificates certificates, Action<GrpcServiceOptions>? configure = null, int tcpPort = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ProbeLog>();
        builder.Services.AddGrpc(configure ?? (_ => { }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Listen(IPAddress.Loopback, tcpPort, l => l.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, l =>
            {
                l.Protocols = HttpProtocols.Http2;
                l.UseHttps(new HttpsConnectionAdapterOptions
                {
                    ServerCertificate = certificates.Server,
                    ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                    ClientCertificateValidation = (certificate, _, _) => certificates.Trusts(certificate),
                });
            });
            kestrel.ListenUnixSocket(Path.Combine(folder, "csharp.sock"), l => l.Protocols = HttpProtocols.Http2);
        });
        WebApplication app = builder.Build();
        app.MapGrpcService<ProbeService>();
        app.MapGet("/plain/page", () => "hello");
        app.MapPost("/not/grpc", () => "posted");
        await app.StartAsync();
        return new ProbeHost(app, folder, certificates);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

/// <summary>Channels to a server by any of the three ways.</summary>
public static class Channels
{
    public static GrpcChannel Unix(string path, int? maxReceive = 4 << 20, int? maxSend = null) => Make(
        "http://localhost",
        new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        },
        maxReceive,
        maxSend);

    public static GrpcChannel Tcp(int port) =>
        Make($"http://127.0.0.1:{port}", new SocketsHttpHandler { EnableMultipleHttp2Connections = true });

    public static GrpcChannel Tls(int port, Certificates certificates, bool withCertificate = true) => Make(
        $"https://localhost:{port}",
        new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            SslOptions = certificates.ClientOptions(withCertificate),
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

    private static GrpcChannel Make(string address, SocketsHttpHandler handler, int? maxReceive = 4 << 20, int? maxSend = null) =>
        GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = maxReceive,
            MaxSendMessageSize = maxSend,
        });
}
