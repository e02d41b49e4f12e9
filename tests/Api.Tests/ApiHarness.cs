using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Skep.Engine;
using Skep.Engine.Events;
using Skep.Manager.Control;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Testing;

namespace Skep.Api.Tests;

/// <summary>A real server on a Unix socket in front of a cluster of one manager.</summary>
internal sealed class ApiHarness : INodeContext, INodeLifecycle, IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skt-api-").FullName;
    private readonly WebApplication _app;

    private ApiHarness(OneManager manager)
    {
        Manager = manager;
        Control = manager.Control;
        Swarm = new SwarmState(LocalNodeState.Active) { Node = manager.Self, NodeAddress = "10.0.0.1", IsManager = true, Managers = [new RemoteManager(manager.Self, "10.0.0.1:2377")] };
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(Log);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(SocketPath));
        _app = builder.Build();
        EngineApi.Map(_app, this, TimeProvider.System, new Logger<EngineApi>(Log));
        Http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri("http://skep"), Timeout = TimeSpan.FromSeconds(20) };
    }

    public RecordedLog Log { get; } = new();

    public OneManager Manager { get; }

    public HttpClient Http { get; }

    public string SocketPath => Path.Combine(_directory, "skep.sock");

    public string ConfigPath => _directory;

    public SwarmState Swarm { get; set; }

    public List<object> LifecycleCalls { get; } = [];

    public NodeFacts Facts { get; } = NodeFacts.OfThisMachine("0.1.0", "m1", "/var/lib/skep") with
    {
        EngineLabels = ValueMap<string, string>.Empty.Set("disk", "ssd"),
        InsecureRegistries = ["registry.example:5000", "10.1.0.0/16"],
        RegistryMirrors = ["http://mirror.example"],
    };

    public INodeLifecycle Lifecycle => this;

    public ClusterControl? Control { get; set; }

    public ContainerEngine? Local => null;

    public EventHub Events { get; } = new(TimeProvider.System);

    public static Task<ApiHarness> StartAsync() => StartAsync(OneManager.StartAsync());

    public static async Task<ApiHarness> StartAsync(Task<OneManager> manager)
    {
        var harness = new ApiHarness(await manager);
        await harness._app.StartAsync();
        return harness;
    }

    public SwarmState State() => Swarm;

    public Task<NodeId> InitAsync(SwarmInit request, CancellationToken ct)
    {
        LifecycleCalls.Add(request);
        return Task.FromResult(Manager.Self);
    }

    public Task<NodeId> RestoreAsync(SwarmRestore request, Stream backup, CancellationToken ct)
    {
        LifecycleCalls.Add(request);
        return Task.FromResult(Manager.Self);
    }

    public Task RejoinAsync(string advertiseAddress, CancellationToken ct)
    {
        LifecycleCalls.Add(advertiseAddress);
        return Task.CompletedTask;
    }

    public Task JoinAsync(SwarmJoin request, CancellationToken ct)
    {
        LifecycleCalls.Add(request);
        return Task.CompletedTask;
    }

    public Task LeaveAsync(bool force, CancellationToken ct)
    {
        LifecycleCalls.Add(force);
        return Task.CompletedTask;
    }

    public Task UnlockAsync(SensitiveBytes unlockKey, CancellationToken ct)
    {
        LifecycleCalls.Add(unlockKey);
        return Task.CompletedTask;
    }

    public async Task<(int Status, JsonNode? Body)> GetAsync(string path)
    {
        using HttpResponseMessage answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(answer);
    }

    public async Task<(int Status, JsonNode? Body)> PostAsync(string path, string? json = null)
    {
        using StringContent? content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await Http.PostAsync(new Uri(path, UriKind.Relative), content);
        return await ReadAsync(answer);
    }

    public async Task<(int Status, JsonNode? Body)> DeleteAsync(string path)
    {
        using HttpResponseMessage answer = await Http.DeleteAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(answer);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task<(int, JsonNode?)> ReadAsync(HttpResponseMessage answer)
    {
        string text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), ct);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
