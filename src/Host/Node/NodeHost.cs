using Microsoft.Extensions.Logging;
using Skep.Engine;
using Skep.Engine.Events;
using Skep.Overlay;
using Skep.Worker;
using Skep.Worker.Agent;

namespace Skep.Host.Node;

/// <summary>The agent and the network of this node: opened with the daemon, there whether or not the node is in a cluster.</summary>
internal sealed class NodeHost(SkepdOptions options, NodePaths paths, string hostname, string version, TimeProvider time, Random random, ConsoleLog log) : IAsyncDisposable
{
    private NodeNetwork? _network;
    private int _dataPathPort = DefaultDataPathPort;
    private bool _isAlone;
    private CancellationTokenSource? _aloneEnd;
    private Task _alone = Task.CompletedTask;

    public const int DefaultDataPathPort = 4789;

    /// <summary>Null while it is being opened or torn down.</summary>
    public WorkerAgent? Agent { get; private set; }

    /// <summary>What happened on this node; lives as long as the daemon.</summary>
    public EventHub Events { get; } = new(time);

    /// <exception cref="ClusterException">No containerd, no nftables, not root: says which and what to do.</exception>
    public async Task OpenAsync(int dataPathPort, CancellationToken ct)
    {
        _dataPathPort = dataPathPort == 0 ? DefaultDataPathPort : dataPathPort;
        _network = await NodeNetwork.OpenAsync(
            new OverlayOptions { RunDirectory = paths.Namespaces, DataPathPort = _dataPathPort, Names = NamesCommand.OfThisProgram }, time, log.CreateLogger<NodeNetwork>(), ct).ConfigureAwait(false);
        Agent = await WorkerAgent.OpenAsync(
            new WorkerOptions
            {
                RelaySocket = paths.RelaySocket,
                EngineVersion = version,
                EngineLabels = options.EngineLabels(),
                GenericResources = options.GenericResources(),
            },
            new EngineOptions
            {
                DataDirectory = paths.Worker,
                RunDirectory = paths.WorkerRun,
                ContainerdSocket = options.Containerd,
                ContainerdNamespace = options.ContainerdNamespace,
                CgroupParent = options.CgroupParent,
                Hostname = hostname,
                InsecureRegistries = options.InsecureRegistries.ToValueList(),
                RegistryMirrors = options.RegistryMirrors.ToValueList(),
            },
            _network,
            Events,
            time,
            random,
            IdSource.Secure,
            log,
            ct).ConfigureAwait(false);
        if (_isAlone)
        {
            StartStandalone();
        }
    }

    /// <summary>The node is in no cluster: its network serves its own containers until <see cref="StopStandaloneAsync"/>.</summary>
    public void StartStandalone()
    {
        _isAlone = true;
        if (Agent is not { } agent)
        {
            return;
        }

        _aloneEnd = new CancellationTokenSource();
        _alone = RunAloneAsync(agent, _aloneEnd.Token);
    }

    /// <summary>The node is about to enter a cluster.</summary>
    public async Task StopStandaloneAsync()
    {
        _isAlone = false;
        await StopAloneAsync().ConfigureAwait(false);
    }

    /// <summary>Opens it anew if the cluster wants another VXLAN port.</summary>
    public async Task RequireAsync(int dataPathPort, CancellationToken ct)
    {
        int wanted = dataPathPort == 0 ? DefaultDataPathPort : dataPathPort;
        if (Agent is null || wanted != _dataPathPort)
        {
            await DisposeAsync().ConfigureAwait(false);
            await OpenAsync(wanted, ct).ConfigureAwait(false);
        }
    }

    /// <summary>The node left its cluster: no task, link or rule of it remains. The engine is open again afterwards.</summary>
    public async Task LeaveAsync(CancellationToken ct)
    {
        if (Agent is { } agent && _network is { } network)
        {
            await agent.LeaveAsync(ct).ConfigureAwait(false);
            if (!agent.Local.HasStandaloneNetworks)
            {
                await network.TearDownAsync(ct).ConfigureAwait(false);
            }
        }

        await DisposeAsync().ConfigureAwait(false);
        _isAlone = true;
        await OpenAsync(DefaultDataPathPort, ct).ConfigureAwait(false);
    }

    private static async Task RunAloneAsync(WorkerAgent agent, CancellationToken ct)
    {
        try
        {
            await agent.RunStandaloneAsync(ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task StopAloneAsync()
    {
        if (_aloneEnd is { } end)
        {
            _aloneEnd = null;
            await end.CancelAsync().ConfigureAwait(false);
            await _alone.ConfigureAwait(false);
            end.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAloneAsync().ConfigureAwait(false);
        if (Agent is { } agent)
        {
            Agent = null;
            await agent.DisposeAsync().ConfigureAwait(false);
        }

        if (_network is { } network)
        {
            _network = null;
            await network.DisposeAsync().ConfigureAwait(false);
        }
    }
}
