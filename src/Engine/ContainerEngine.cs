using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Events;
using Skep.Engine.Exec;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Networks;
using Skep.Engine.Oci;
using Skep.Engine.Volumes;
using Skep.Overlay;
using Cd = Skep.Rpc.Containerd;

namespace Skep.Engine;

/// <summary>The container engine of one node: its containers, images, volumes and networks, on containerd. It knows no cluster, but can be part of one.</summary>
/// <remarks>
/// Names may be ids, prefixes of ids, or names, as Docker takes them. Unknown ones throw <see cref="ErrorKind.NotFound"/> with Docker's words.
/// Disposing stops no container: the next engine under the same options takes them over.
/// </remarks>
public sealed partial class ContainerEngine : IAsyncDisposable
{
    private static readonly Ipv4Prefix EgressPool = Ipv4Prefix.Parse("172.18.0.0/16");

    private readonly ContainerdClient _client;
    private readonly EngineContext _shop;
    private readonly EngineOptions _options;
    private readonly IContainerOwner _owner;
    private readonly Exec.ExecStore _execs;
    private readonly ContainerStore _standalone;
    private readonly StandaloneNetworks? _networks;

    private ContainerEngine(ContainerdClient client, EngineContext shop, NodeNetwork? network, ClusterBindings cluster, Random random)
    {
        _client = client;
        _shop = shop;
        _options = shop.Options;
        _owner = cluster.Owner;
        _execs = new Exec.ExecStore(Path.Combine(_options.RunDirectory, "exec"), shop.Time);
        if (network is not null)
        {
            var store = new LocalNetworkStore(Path.Combine(_options.DataDirectory, "networks"), () => [EgressPool, .. HostPrefixes.Read()], shop.Time, shop.Ids);
            var addresses = new AddressLeases(Path.Combine(_options.DataDirectory, "egress"), EgressPool);
            NetworkLoop = new NetworkLoop(network, Hostname, addresses, new MacvlanAddressPool(store), shop.Time, shop.Logger);
            _networks = new StandaloneNetworks(NetworkLoop, store, shop.Runtime, cluster.Attachments);
        }

        _standalone = new ContainerStore(shop, (IStandaloneNetworks?)_networks ?? new NoStandaloneNetworks(), Hostname, random);
        if (_networks is not null)
        {
            _networks.Containers = _standalone;
        }

        _standalone.Load();
    }

    /// <summary>The machine's, unless options say another.</summary>
    public string Hostname => _options.Hostname ?? Environment.MachineName;

    /// <summary>Whether containers that belong to no cluster use the node's network.</summary>
    public bool HasStandaloneNetworks => _standalone.IsAnyAlive;

    /// <summary>What the agent of a cluster drives containers with.</summary>
    internal EngineContext Context => _shop;

    /// <summary>Null without a data plane. Somebody has to run it: the agent, or <see cref="RunNetworkAsync"/>.</summary>
    internal NetworkLoop? NetworkLoop { get; }

    /// <summary>Connects to containerd, recovers logs, takes over what runs.</summary>
    /// <param name="network">Null: only host and none networks.</param>
    /// <param name="events">Hears what happens to containers, images and volumes.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: containerd does not answer.</exception>
    public static Task<ContainerEngine> OpenAsync(
        EngineOptions options, NodeNetwork? network, EventHub events, TimeProvider time, Random random, IdSource ids, ILoggerFactory loggers, CancellationToken ct)
        => OpenAsync(options, network, events, ClusterBindings.None, time, random, ids, loggers, ct);

    internal static async Task<ContainerEngine> OpenAsync(
        EngineOptions options, NodeNetwork? network, EventHub events, ClusterBindings cluster, TimeProvider time, Random random, IdSource ids, ILoggerFactory loggers, CancellationToken ct)
    {
        ILogger logger = loggers.CreateLogger("Skep.Engine");
        Directory.CreateDirectory(options.DataDirectory);
        Directory.CreateDirectory(options.RunDirectory);
        ContainerdClient client = ContainerdClient.Connect(options.ContainerdSocket, options.ContainerdNamespace, options.ContainerdPatience, time);
        try
        {
            await client.EnsureNamespaceAsync(options.ContainerdNamespace, ct);
        }
        catch (Grpc.Core.RpcException e)
        {
            client.Dispose();
            throw new ClusterException(ErrorKind.Unavailable, $"containerd at {options.ContainerdSocket} does not answer: {e.Status.Detail}", e);
        }

        var runtime = new ContainerRuntime(client, options.ContainerdNamespace, options.Snapshotter, cluster.Owner.NameOf, ids, time, logger);
        await runtime.OpenAsync(ct);
        var images = new ImageStore(client, options, cluster.Peers, ids, time);
        var views = new ImageViews(client, images, options.Snapshotter, Path.Combine(options.RunDirectory, "views"), ids);
        string volumesDirectory = Path.Combine(options.DataDirectory, "volumes");
        var subpaths = new SubpathMounts(volumesDirectory);
        var volumes = new VolumeStore(volumesDirectory, subpaths, events, time);
        var context = new EngineContext
        {
            Options = options,
            Runtime = runtime,
            Images = images,
            Views = views,
            Mounts = new MountResolver(volumes, subpaths, views),
            Volumes = volumes,
            Files = ContainerFiles.Open(Path.Combine(options.RunDirectory, "tasks")),
            Logs = new LogStore(Path.Combine(options.DataDirectory, "logs"), time),
            Events = events,
            Host = HostFacts.Read(options.CgroupRoot),
            Time = time,
            Ids = ids,
            Logger = logger,
            Slots = new SemaphoreSlim(options.EffectiveConcurrentStarts),
        };
        var engine = new ContainerEngine(client, context, network, cluster, random);
        await engine._standalone.AdoptAsync(ct);
        return engine;
    }

    /// <summary>The network of an engine without a cluster serves its users' containers. Ends only when cancelled.</summary>
    public Task RunNetworkAsync(CancellationToken ct) => NetworkLoop?.RunAsync(heardManager: Task.CompletedTask, ct) ?? Task.CompletedTask;

    /// <summary>What happens on this node; whoever changes something tells it here.</summary>
    public EventHub Events => _shop.Events;

    /// <summary>Containers in the order of their creation, newest first. <paramref name="all"/>: also those that do not run.</summary>
    public async Task<ValueList<LocalContainer>> ListContainersAsync(bool all, CancellationToken ct)
    {
        IReadOnlyList<FoundContainer> found = _shop.Runtime.Containers.All;
        Dictionary<string, Cd.ProcessState> processes = (await _shop.Runtime.ListProcessesAsync(ct)).ToDictionary(p => p.Id, StringComparer.Ordinal);
        var containers = new List<LocalContainer>();
        foreach (FoundContainer container in found.Concat(_standalone.Bodiless).DistinctBy(c => c.Id).OrderByDescending(c => c.CreatedAt))
        {
            Cd.ProcessState? process = processes.GetValueOrDefault(container.Id);
            bool isRestarting = _standalone.ById(container.Id)?.Record.State == ContainerState.Restarting;
            if (!all && !isRestarting && process is not { Status: Cd.ProcessStatus.Running or Cd.ProcessStatus.Paused })
            {
                continue;
            }

            if (container.Spec != SpecReader.Unreadable || _standalone.ById(container.Id) is not null)
            {
                containers.Add(Describe(container, process, container.Spec));
            }
        }

        return containers.ToValueList();
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<LocalContainer> InspectContainerAsync(string name, CancellationToken ct)
    {
        FoundContainer container = FindContainer(name);
        return Describe(container, await _shop.Runtime.StateAsync(container.Id, ct), container.Spec);
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.FailedPrecondition"/> when its log driver keeps nothing.</exception>
    public async IAsyncEnumerable<LogLine> ReadLogsAsync(string container, LogQuery query, [EnumeratorCancellation] CancellationToken ct)
    {
        FoundContainer found = FindContainer(container);
        if (_standalone.ById(found.Id) is { } own && !LogDrivers.CanRead(LogDrivers.NameOf(own.Record.Spec.Template.LogDriver)))
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "configured logging driver does not support reading");
        }

        ContainerLog log = _shop.Logs.Find(found.Id) ?? throw new ClusterException(ErrorKind.FailedPrecondition, "configured logging driver does not support reading");
        await foreach (LogLine line in LogReader.ReadAsync(log, query, ct))
        {
            yield return line;
        }
    }

    private LocalContainer Describe(FoundContainer container, Cd.ProcessState? process, SpecReader spec)
    {
        if (_standalone.ById(container.Id) is { } standalone)
        {
            return Describe(standalone, process, spec);
        }

        OwnedContainer owned = _owner.Find(container) ?? new OwnedContainer();
        ContainerState state = process?.Status switch
        {
            Cd.ProcessStatus.Running => ContainerState.Running,
            Cd.ProcessStatus.Paused or Cd.ProcessStatus.Pausing => ContainerState.Paused,
            Cd.ProcessStatus.Stopped => ContainerState.Exited,
            Cd.ProcessStatus.Created or Cd.ProcessStatus.Unknown or null => owned.HasEnded ? ContainerState.Exited : ContainerState.Created,
            _ => ContainerState.Created,
        };
        string volumes = Path.Combine(_options.DataDirectory, "volumes");
        return new LocalContainer(container.Id, NameOf(container))
        {
            IsManaged = _owner.NameOf(container) is not null,
            State = state,
            Image = owned.Image ?? container.Image,
            ImageId = container.Labels.TryGetValue("skep.image.id", out string? image) ? image : "",
            Command = spec.Args,
            CreatedAt = container.CreatedAt,
            StartedAt = owned.StartedAt,
            FinishedAt = state == ContainerState.Exited ? process?.ExitedAt?.ToDateTimeOffset() ?? owned.ChangedAt : null,
            Pid = state == ContainerState.Running ? (int)(process?.Pid ?? 0) : 0,
            ExitCode = state == ContainerState.Exited ? (int?)process?.ExitStatus ?? owned.ExitCode ?? 0 : 0,
            OomKilled = owned.Error.Contains("out of memory", StringComparison.Ordinal),
            Error = owned.Error,
            Health = owned.Health,
            Labels = container.Labels.ToValueMap(),
            Mounts = spec.Mounts.Select(m => ToLocal(m, volumes)).OfType<LocalMount>().ToValueList(),
            Networks = owned.Network?.Endpoints ?? [],
            Ports = (owned.Network?.Ports ?? []).Select(p => new LocalPort(p.Protocol, p.TargetPort, p.PublishedPort, null)).ToValueList(),
            NetworkNamespace = spec.NetworkNamespace,
            Spec = owned.Spec,
            Hostname = spec.Hostname,
            Env = spec.Env,
            User = spec.User,
            WorkingDirectory = spec.Cwd,
            LogPath = _shop.Logs.Find(container.Id)?.CurrentPath ?? "",
            LogDriver = LogDrivers.NameOf(_shop.Logs.Find(container.Id)),
        };
    }

    /// <summary>What a user calls a mount; null for what every container has.</summary>
    private LocalMount? ToLocal(OciMount mount, string volumesDirectory)
    {
        bool readOnly = mount.Options.Contains("ro");
        if (SpecReader.VolumeName(mount, volumesDirectory) is { } volume)
        {
            return new LocalMount(MountKind.Volume, volume, mount.Source, mount.Destination, readOnly) { Driver = VolumeDrivers.Local };
        }

        if (mount.Type == "tmpfs" && mount.Destination is not ("/dev" or "/dev/shm"))
        {
            return new LocalMount(MountKind.Tmpfs, "", "", mount.Destination, readOnly);
        }

        if (mount.Type != "bind" || mount.Source.StartsWith(_options.RunDirectory + "/", StringComparison.Ordinal))
        {
            return null;
        }

        return new LocalMount(MountKind.Bind, "", mount.Source, mount.Destination, readOnly)
        {
            Propagation = mount.Options.FirstOrDefault(o => o.EndsWith("private", StringComparison.Ordinal) || o.EndsWith("shared", StringComparison.Ordinal) || o.EndsWith("slave", StringComparison.Ordinal)) ?? "",
        };
    }
    /// <summary>Containers go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _standalone.DisposeAsync();
        await _shop.Runtime.DisposeAsync();
        _shop.Logs.Dispose();
        _shop.Images.Dispose();
        _shop.Slots.Dispose();
        _client.Dispose();
    }
}
