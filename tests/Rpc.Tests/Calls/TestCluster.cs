using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Model;
using Skep.Rpc.Security;
using Skep.Testing;

namespace Skep.Rpc.Tests.Calls;

/// <summary>A listener as a node's, with mutual TLS, and identities of its cluster to call it with. Its members are what their certificates say, save those removed.</summary>
internal sealed class TestCluster : IClusterMembers, IAsyncDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private readonly List<IDisposable> _channels = [];
    private readonly List<WebApplication> _others = [];
    private readonly CancellationTokenSource _stopping = new();
    private WebApplication _app = null!;
    private Task _watching = Task.CompletedTask;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte _serial = 1;

    private TestCluster()
    {
        var request = new CertificateRequest("CN=root", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(Now.AddDays(-9), Now.AddDays(9));
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public ClusterId Cluster { get; } = new("ours");

    public HashSet<NodeId> Removed { get; } = [];

    /// <summary>Nodes that are now something else than their certificate says.</summary>
    public Dictionary<NodeId, Standing> Standings { get; } = [];

    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>How long after their end certificates are believed.</summary>
    public TimeSpan Grace { get; set; }

    public RecordedLog Log { get; } = new();

    public string Address { get; private set; } = "";

    public IServiceProvider Services => _app.Services;

    public Standing StandingOf(PeerIdentity holder)
        => Removed.Contains(holder.Node) ? Standing.Removed
            : Standings.TryGetValue(holder.Node, out Standing standing) ? standing
            : holder.Role == NodeRole.Manager ? Standing.Manager : Standing.Worker;

    public Task RefreshAsync(CancellationToken ct) => Task.CompletedTask;

    public void NotifyChanged() => Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    /// <param name="role">Of the node that listens, which is called "server".</param>
    /// <param name="members">What it knows of the cluster; null: this.</param>
    public static async Task<TestCluster> StartAsync(Action<IServiceCollection> services, Action<WebApplication> map, NodeRole role = NodeRole.Manager, IClusterMembers? members = null)
    {
        var cluster = new TestCluster();
        (cluster._app, cluster.Address) = await cluster.ListenAsync(cluster.Identity(role, "server"), members, services, map);
        cluster._watching = cluster.Services.GetRequiredService<OpenStreams>().RunAsync(cluster._stopping.Token);
        return cluster;
    }

    /// <summary>Another node's listener; stops with the cluster.</summary>
    /// <returns>Its host:port.</returns>
    public async Task<string> AddListenerAsync(NodeIdentity server, Action<IServiceCollection> services, Action<WebApplication> map)
    {
        (WebApplication app, string address) = await ListenAsync(server, members: null, services, map);
        _others.Add(app);
        return address;
    }

    private async Task<(WebApplication App, string Address)> ListenAsync(NodeIdentity server, IClusterMembers? members, Action<IServiceCollection> services, Action<WebApplication> map)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Debug).AddFilter("Grpc", LogLevel.None).AddFilter("Microsoft", LogLevel.None);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l =>
        {
            l.Protocols = HttpProtocols.Http2;
            l.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = server.Certificate,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (c, _, _) => new IdentityHolder(server, Grace).Trusts(c, Now),
            });
        }));
        builder.Services.AddNodeGrpc(members ?? this);
        services(builder.Services);
        WebApplication app = builder.Build();
        app.UseAnonymousLimit();
        map(app);
        await app.StartAsync();
        return (app, new Uri(app.Urls.Single()).Authority);
    }

    public NodeIdentity Identity(NodeRole role, string node, string cluster = "ours", uint generation = 0)
        => Identity(new PeerIdentity(new NodeId(node), role, new ClusterId(cluster)) { Generation = generation }, TimeSpan.Zero, NodeIdentity.ServerUsage, NodeIdentity.ClientUsage);

    /// <param name="shift">How far its two hours of life, the present in their middle, are moved.</param>
    /// <param name="usages">What it was issued for.</param>
    public NodeIdentity Identity(PeerIdentity subject, TimeSpan shift, params string[] usages)
    {
        using var key = new NodeKey();
        var request = new CertificateRequest(subject.ToSubject(), key.PublicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Select(u => new Oid(u))], critical: false));
        using X509Certificate2 signed = request.Create(_root, Now.AddHours(-1) + shift, Now.AddHours(1) + shift, [_serial++]);
        return NodeIdentity.FromPem(signed.ExportCertificatePem(), key.PrivatePem, _root.ExportCertificatePem());
    }

    /// <summary>Calls as that node makes them.</summary>
    public CallInvoker As(NodeIdentity identity) => ChannelsOf(identity).To(Address, Callee.Member(new NodeId("server")));

    public NodeChannels ChannelsOf(NodeIdentity identity)
    {
        var channels = new NodeChannels(new IdentityHolder(identity), this, TimeProvider.System);
        _channels.Add(channels);
        return channels;
    }

    /// <summary>Calls of a machine without a certificate.</summary>
    public CallInvoker AsNobody()
    {
        Grpc.Net.Client.GrpcChannel channel = NodeChannels.OpenWithoutIdentity(Address, (_, _) => true);
        _channels.Add(channel);
        return channel.CreateCallInvoker();
    }

    public async ValueTask DisposeAsync()
    {
        _channels.ForEach(c => c.Dispose());
        await _stopping.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        foreach (WebApplication other in _others)
        {
            await other.StopAsync(new CancellationToken(true));
            await other.DisposeAsync();
        }
        await _app.StopAsync(new CancellationToken(true));
        await _app.DisposeAsync();
        _root.Dispose();
        _key.Dispose();
    }
}
