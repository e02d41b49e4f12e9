using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Skep.Manager;
using Skep.Manager.Ca;
using Skep.Model;
using Skep.Raft;
using Skep.Rpc;
using Skep.Rpc.Security;

namespace Skep.Hostile.Lies;

/// <summary>A cluster of one manager, real to its log on disk and its listener; machines join it with tokens as any would.</summary>
internal sealed class RealManager : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("skep-hostile-");
    private readonly CancellationTokenSource _stop = new();
    private readonly List<NodeChannels> _channels = [];
    private ManagerNode _manager = null!;
    private WebApplication _app = null!;
    private Task _watching = Task.CompletedTask;

    public ManagerNode Node => _manager;

    public string Address { get; private set; } = "";

    /// <summary>Ends only when the manager does, which no caller may bring about.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    public static async Task<RealManager> StartAsync()
    {
        var real = new RealManager();
        var random = new Random(1);
        TimeProvider time = TimeProvider.System;
        ClusterBootstrap founding = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(time.GetUtcNow(), IdSource.Secure, random));
        var identity = new IdentityHolder(founding.IssueFirst(time.GetUtcNow()));
        var own = new Own(identity);
        var channels = new NodeChannels(identity, own, time);
        real._channels.Add(channels);
        real._manager = ManagerNode.Open(
            new ManagerOptions { DataDirectory = real._directory.FullName, Address = "127.0.0.1:1", RaftId = 1, Start = RaftStart.Found },
            identity, channels, time, IdSource.Secure, random, NullLoggerFactory.Instance);
        own.Source = real._manager.Roster;
        real.Running = real._manager.RunAsync(real._stop.Token);
        await real._manager.FoundAsync(founding, "127.0.0.1:1", real._stop.Token);
        await real.ListenAsync(identity);
        return real;
    }

    /// <summary>A machine joins with the token of that role.</summary>
    public async Task<NodeIdentity> JoinAsync(NodeRole role)
    {
        JoinTokens tokens = _manager.Store.View().Cluster!.JoinTokens;
        return (await CertificateClient.JoinAsync(Address, JoinToken.Parse(role == NodeRole.Manager ? tokens.Manager : tokens.Worker), NodeAvailability.Active, TimeProvider.System, _stop.Token)).Identity;
    }

    /// <summary>Calls as that node makes them.</summary>
    public Grpc.Core.CallInvoker As(NodeIdentity identity)
    {
        var holder = new IdentityHolder(identity);
        var channels = new NodeChannels(holder, new Own(holder), TimeProvider.System);
        _channels.Add(channels);
        return channels.To(Address, Callee.AnyManager);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _app.StopAsync(new CancellationToken(true));
        await _app.DisposeAsync();
        await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _manager.DisposeAsync();
        _channels.ForEach(c => c.Dispose());
        _stop.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task ListenAsync(IdentityHolder identity)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l =>
        {
            l.Protocols = HttpProtocols.Http2;
            l.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = identity.Current.Certificate,
                ServerCertificateChain = identity.Current.Intermediates,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (c, _, _) => NodeIdentity.IsTrustedNode(c, identity.Current.Roots, TimeProvider.System.GetUtcNow()),
            });
        }));
        builder.Services.AddNodeGrpc(_manager.Roster);
        builder.Services.AddSingleton(_manager.Certificates).AddSingleton(_manager.Members).AddSingleton(_manager.Liveness).AddSingleton(_manager.Dispatch);
        _app = builder.Build();
        _app.UseAnonymousLimit();
        _app.MapGrpcService<CertificateAuthorityService>();
        _app.MapGrpcService<Manager.Consensus.RaftService>();
        _app.MapGrpcService<Manager.Liveness.LivenessService>();
        _app.MapGrpcService<Manager.Dispatch.DispatchService>();
        await _app.StartAsync(_stop.Token);
        Address = new Uri(_app.Urls.Single()).Authority;
        _watching = _app.Services.GetRequiredService<OpenStreams>().RunAsync(_stop.Token);
    }

    /// <summary>Before a node has been told anything it knows nobody.</summary>
    private sealed class Own(IdentityHolder identity) : IClusterMembers
    {
        public IClusterMembers? Source { get; set; }

        public ClusterId Cluster => identity.Current.Cluster;

        public Task Changed => Source?.Changed ?? new TaskCompletionSource().Task;

        public Standing StandingOf(PeerIdentity holder) => Source?.StandingOf(holder) ?? Standing.Unknown;

        public Task RefreshAsync(CancellationToken ct) => Source?.RefreshAsync(ct) ?? Task.CompletedTask;
    }
}
