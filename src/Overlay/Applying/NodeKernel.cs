using Microsoft.Extensions.Logging;
using Skep.Overlay.Conntrack;
using Skep.Overlay.Dns;
using Skep.Overlay.Mesh;
using Skep.Overlay.Names;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;
using Skep.Overlay.Nftables;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Applying;

/// <summary>The one owner of a node's kernel objects. Every method runs on the writer thread.</summary>
internal sealed partial class NodeKernel : IDisposable
{
    /// <summary>How often a port that somebody else had is tried again.</summary>
    private static readonly TimeSpan LookForPorts = TimeSpan.FromSeconds(5);

    private readonly KernelThread _writer, _maker;
    private readonly OverlayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NamespaceDirectory _directory;
    private readonly NamespaceFactory _factory;
    private readonly SandboxPool _pool;
    private readonly PresentNetwork _present = new();
    private readonly Dictionary<NamespaceKey, NamespaceHandle> _handles = [];
    private readonly SortedDictionary<TaskId, Sandbox> _sandboxes = [];
    private readonly ConntrackFlusher _flows;
    private readonly NetworkApplier _applier;
    private readonly NamespaceReader _reader;
    private readonly PlannerOptions _planning;
    private readonly IdleRouters _resting;
    private readonly PortReservations _ports;
    private readonly INameServer _names;
    private volatile DesiredNetwork? _desired;
    private bool _isClosed;

    /// <summary>False while a plan is being performed and after one failed: the kernel may differ from <see cref="_present"/>.</summary>
    private bool _isInStep;

    private sealed record Sandbox(SandboxNamespace Namespace)
    {
        /// <summary>Left by an earlier run and not yet seen in a desired picture.</summary>
        public bool IsAdopted { get; set; }
    }

    private NodeKernel(KernelThread writer, OverlayOptions options, TimeProvider time, ILogger logger, KernelFeatures features, NamespaceHandle host, bool closedRouter)
    {
        (_writer, _options, _time, _logger, Features) = (writer, options, time, logger, features);
        _maker = new KernelThread("skep-netns");
        _directory = new NamespaceDirectory(options.RunDirectory);
        _factory = new NamespaceFactory(options, _directory);
        _pool = new SandboxPool(_factory, _maker, options.SandboxPoolSize, logger);
        _planning = new PlannerOptions(options.MeshInterface, options.DataPathPort, options.EgressGateway, closedRouter);
        _resting = new IdleRouters(options.RouterIdleTime, time);
        _reader = new NamespaceReader(_planning);
        _ports = new PortReservations(writer, logger);
        _handles[NamespaceKey.Host] = host;
        _flows = new ConntrackFlusher(features.FilteredFlowDelete, logger);
        _applier = new NetworkApplier(writer, _factory, _flows, _present, _handles, logger);
        string counts = DnsCounts.PathBeside(Path.Combine(options.RunDirectory, "names.sock"));
        OverlayMetrics.DnsCounts = counts;
        _names = options.Names is { } names
            ? new NameServerProcess(options, names, host.File, time, logger)
            : new InProcessNameServer(new NameServer(_maker, new DnsCounts(counts), time, logger) { Settings = options, Host = host.File });
    }

    public KernelFeatures Features { get; }

    private static string ClosedRouterFile(OverlayOptions options) => Path.Combine(options.RunDirectory, "forwarding-was-off");

    public static NodeKernel Open(KernelThread writer, OverlayOptions options, TimeProvider time, ILogger logger)
    {
        if (options.MeshInterface.Length is 0 or > 15 || options.DataPathPort is < 1 or > 65535 || options.DnsPort is < 1 or > 65535)
        {
            throw ClusterException.Invalid("the network options need an interface name of 1 to 15 characters and ports from 1 to 65535");
        }

        if (!LibNftables.IsPresent)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, "libnftables.so.1 is not installed; install the package libnftables1");
        }

        try
        {
            KernelFeatures features = KernelProbe.Run(writer);
            if (!features.Nftables)
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, "this kernel's nftables lacks what Skep's networks need (NAT, conntrack marks and zones)");
            }

            Directory.CreateDirectory(options.RunDirectory);
            var factory = new NamespaceFactory(options, new NamespaceDirectory(options.RunDirectory));
            (NamespaceHandle host, bool didForward) = factory.OpenHost(writer);
            if (!didForward)
            {
                File.WriteAllBytes(ClosedRouterFile(options), []);
            }

            var kernel = new NodeKernel(writer, options, time, logger, features, host, File.Exists(ClosedRouterFile(options)));
            try
            {
                kernel.Adopt();
                return kernel;
            }
            catch
            {
                kernel.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is KernelException or NftException)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"networks need root and a network namespace of the host: {e.Message}", e);
        }
    }

    public ApplyReport Apply(DesiredNetwork desired)
    {
        long started = _time.GetTimestamp();
        foreach ((TaskId task, Sandbox sandbox) in _sandboxes.Where(s => s.Value.IsAdopted).ToList())
        {
            if (desired.Sandboxes.ContainsKey(task))
            {
                sandbox.IsAdopted = false;
            }
            else
            {
                RemoveSandbox(task);
            }
        }
        ApplyReport report;
        try
        {
            report = Converge(desired);
        }
        finally
        {
            _desired = desired; // after the kernel: a name must not lead to what is not there yet
            _names.Update(NamesState.Of(desired));
        }
        if (report.Operations > 0)
        {
            OverlayMetrics.ApplyDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
            OverlayMetrics.Operations.Add(report.Operations);
        }
        OverlayLog.Applied(_logger, report.Operations, _time.GetElapsedTime(started).TotalMilliseconds);
        return report;
    }

    public string CreateSandbox(TaskId task)
    {
        if (_sandboxes.TryGetValue(task, out Sandbox? existing))
        {
            existing.IsAdopted = false;
            return existing.Namespace.Path;
        }
        SandboxNamespace made = _pool.Take();
        _directory.Assign(task, made.Path);
        Hold(task, made);
        _present.Namespaces[NamespaceKey.Sandbox(task)] = new NamespaceState();
        OverlayLog.SandboxMade(_logger, task, made.Path);
        if (_desired is { } desired && desired.Sandboxes.ContainsKey(task))
        {
            Converge(desired);
        }

        return made.Path;
    }

    public bool RemoveSandbox(TaskId task)
    {
        if (!_sandboxes.Remove(task, out Sandbox? sandbox))
        {
            return false;
        }

        _handles.Remove(NamespaceKey.Sandbox(task));
        _present.SandboxGone(task);
        _names.Drop(task);
        sandbox.Namespace.Dispose();
        _directory.Release(task, sandbox.Namespace.Path);
        return true;
    }

    /// <summary>The socket to forget flows by; null when the network is not on this node.</summary>
    public NetlinkSocket? FlowsOf(NetworkId? network)
    {
        NamespaceKey key = NamespaceKey.Host;
        if (network is { } id)
        {
            if (_desired is not { } desired || !desired.Networks.TryGetValue(id, out OverlayNetwork? overlay))
            {
                return null;
            }

            key = NamespaceKey.Router(overlay.Vni);
        }
        return _handles.GetValueOrDefault(key)?.Flows;
    }

    public ConntrackFlusher Flows => _flows;

    public bool TearDown()
    {
        if (_isClosed)
        {
            return true;
        }

        foreach (TaskId task in _sandboxes.Keys.ToList())
        {
            RemoveSandbox(task);
        }

        foreach (SandboxNamespace spare in _pool.Close())
        {
            spare.Dispose();
            _directory.Release(null, spare.Path);
        }
        foreach (NamespaceKey router in _handles.Keys.Where(k => k.Kind == NamespaceKind.Router).ToList())
        {
            _applier.DropRouter(router);
            _present.Namespaces.Remove(router);
        }
        ClearHost(_handles[NamespaceKey.Host]);
        _ports.Dispose();
        Dispose();
        Directory.Delete(_options.RunDirectory, recursive: true);
        return true;
    }

    /// <summary>Closes what this process holds; the kernel's objects stay.</summary>
    public void Dispose()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        _names.Dispose();
        foreach (SandboxNamespace spare in _pool.Close())
        {
            spare.Dispose();
        }

        foreach (Sandbox sandbox in _sandboxes.Values)
        {
            sandbox.Namespace.Dispose();
        }

        foreach (NamespaceHandle handle in _handles.Where(h => h.Key.Kind != NamespaceKind.Sandbox).Select(h => h.Value))
        {
            _flows.Close(handle.Flows!);
            handle.Dispose();
        }
        _flows.Dispose();
        _ports.Dispose();
        _maker.Dispose();
    }

    /// <summary>Plans and performs; if the kernel differs from what we thought, reads it again and tries once more.</summary>
    private ApplyReport Converge(DesiredNetwork desired)
    {
        try
        {
            return Perform(desired);
        }
        catch (Exception e) when (e is KernelException or NftException)
        {
            OverlayLog.ApplyFailed(_logger, e);
            OverlayMetrics.Failures.Add(1);
        }
        try
        {
            return Perform(desired);
        }
        catch (Exception e) when (e is KernelException or NftException)
        {
            throw new ClusterException(ErrorKind.Internal, $"the node's network could not be changed: {e.Message}", e);
        }
    }

    private ApplyReport Perform(DesiredNetwork desired)
    {
        var refused = ValueMap<NetworkId, string>.Empty;
        if (!Features.Vxlan)
        {
            refused = desired.Networks.Where(n => !n.Value.IsLocal).ToValueMap(n => n.Key, n => $"network {n.Value.Name} needs VXLAN, which this node's kernel does not have");
            desired = desired with { Ingress = null, Networks = desired.Networks.Where(n => n.Value.IsLocal).ToValueMap() };
        }
        if (!_isInStep)
        {
            ReadPresent();
        }

        _isInStep = false;
        IReadOnlyCollection<BoundPort> held = _ports.Hold(HostPorts.Of(desired), _handles[NamespaceKey.Host]);
        desired = desired.Without(held);
        NetworkPlan plan = NetworkPlanner.Plan(desired, _present, _planning, _resting.Keep(desired, _present.Namespaces.Keys));
        _applier.Perform(plan);
        _isInStep = true;
        return new ApplyReport(plan.Count, refused.SetItems(plan.Refused)) { HeldPorts = [.. held], AgainIn = AgainIn() };
    }

    private TimeSpan? AgainIn() => _ports.IsComplete ? _resting.FirstIn : _resting.FirstIn is { } first && first < LookForPorts ? first : LookForPorts;

    private Sandbox Hold(TaskId task, SandboxNamespace opened)
    {
        var sandbox = new Sandbox(opened);
        _sandboxes[task] = sandbox;
        _handles[NamespaceKey.Sandbox(task)] = opened.Handle;
        _names.Add(task, opened);
        return sandbox;
    }

    private void ClearHost(NamespaceHandle host)
    {
        NamespaceState state = _reader.ReadHost(host, new Dictionary<TaskId, RouteDump>());
        var plan = new NetworkPlan([], [], ValueMap<NetworkId, string>.Empty);
        plan.Operations.AddRange(state.Objects.Values.Where(o => o is not UnknownLink).OrderByDescending(o => o.Key).Select(o => new Operation.Take(NamespaceKey.Host, o)));
        _present.Namespaces[NamespaceKey.Host] = state;
        _applier.Perform(plan);
        var links = new NetlinkWriter();
        RouteMessages.DeleteLinkGroup(links, VethLink.Group);
        const int noDevice = 19;
        host.Route.Send(links, (_, errno, reason) =>
        {
            if (errno != noDevice)
            {
                throw new KernelException($"remove task links {reason}", errno);
            }
        });
        if (state.Table.Marker is not null)
        {
            host.Tables!.Run($"delete table ip {MeshTable.Name}");
        }

        if (File.Exists(ClosedRouterFile(_options)))
        {
            NamespaceFactory.StopForwarding(_writer, host);
        }
    }
}
