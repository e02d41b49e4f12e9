using System.Globalization;
using Microsoft.AspNetCore.Http;
using Skep.Api.Http;
using Skep.Api.Local;
using Skep.Engine;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;
using Skep.Engine.Images;
using Skep.Engine.Logs;
using Skep.Engine.Volumes;
using Skep.Store;

namespace Skep.Api.Daemon;

/// <summary>The node as a whole: ping, version, info, events, disk use, images in registries.</summary>
internal static class SystemRoutes
{
    public static void AddTo(RouteTable routes, TimeProvider time)
    {
        routes.Add("HEAD", "/_ping", PingAsync);
        routes.Add("GET", "/_ping", PingAsync);
        routes.Add("GET", "/version", VersionAsync);
        routes.Add("GET", "/info", (call, ct) => InfoAsync(call, time, ct));
        routes.Add("GET", "/events", (call, ct) => EventStream.ServeAsync(call, time, ct));
        routes.Add("GET", "/system/df", DiskUse.ServeAsync);
        routes.Add("POST", "/build/prune", (call, ct) => call.AnswerAsync(new WireBuildPruned(), WireJson.Default.WireBuildPruned, ct));
        routes.Add("GET", "/distribution/{name*}/json", DistributionAsync);
        routes.Add("GET", "/replica", ReplicaAsync);
    }

    /// <summary>Ours, not Docker's: this manager's own copy, as it is, leader or not.</summary>
    private static Task ReplicaAsync(ApiCall call, CancellationToken ct)
    {
        StoreView view = call.Control.View();
        return call.AnswerAsync(new WireReplica(view.Index, call.Control.Checksum(view).ToString("x16", CultureInfo.InvariantCulture)), WireJson.Default.WireReplica, ct);
    }

    private static async Task PingAsync(ApiCall call, CancellationToken ct)
    {
        SwarmState state = call.Node.Lifecycle.State();
        HttpResponse response = call.Http.Response;
        response.Headers["Swarm"] = state.State == LocalNodeState.Active
            ? $"active/{(state.IsManager ? "manager" : "worker")}"
            : Word(state.State);
        response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        response.Headers.Pragma = "no-cache";
        response.ContentType = "text/plain; charset=utf-8";
        bool isHead = HttpMethods.IsHead(call.Http.Request.Method);
        response.ContentLength = isHead ? 0 : 2;
        if (!isHead)
        {
            await response.Body.WriteAsync("OK"u8.ToArray(), ct);
        }
    }

    private static Task VersionAsync(ApiCall call, CancellationToken ct)
    {
        NodeFacts facts = call.Node.Facts;
        var version = new WireEngineVersion
        {
            Platform = new WireNamedPlatform("Skep"),
            Version = facts.Version,
            ApiVersion = ApiVersion.Newest.ToString(),
            MinApiVersion = ApiVersion.Oldest.ToString(),
            GitCommit = "",
            GoVersion = "",
            Os = "linux",
            Arch = NodeFacts.GoArchitecture,
            KernelVersion = facts.KernelVersion,
            BuildTime = facts.BuildTime,
            Components =
            [
                new WireComponent
                {
                    Name = "Engine",
                    Version = facts.Version,
                    Details = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["ApiVersion"] = ApiVersion.Newest.ToString(),
                        ["Arch"] = NodeFacts.GoArchitecture,
                        ["BuildTime"] = facts.BuildTime,
                        ["Experimental"] = "false",
                        ["GitCommit"] = "",
                        ["GoVersion"] = "",
                        ["KernelVersion"] = facts.KernelVersion,
                        ["MinAPIVersion"] = ApiVersion.Oldest.ToString(),
                        ["Os"] = "linux",
                    },
                },
            ],
        };
        return call.AnswerAsync(version, WireJson.Default.WireEngineVersion, ct);
    }

    private static async Task InfoAsync(ApiCall call, TimeProvider time, CancellationToken ct)
    {
        NodeFacts facts = call.Node.Facts;
        SwarmState state = call.Node.Lifecycle.State();
        ValueList<LocalContainer> containers = call.Node.Local is { } local ? await local.ListContainersAsync(all: true, ct) : [];
        ValueList<LocalImage> images = call.Node.Local is { } store ? await store.ListImagesAsync(ct) : [];
        KernelSupport kernel = KernelSupport.Read("");
        var info = new WireInfo
        {
            Id = state.Node?.Value ?? facts.Hostname,
            Containers = containers.Count,
            ContainersRunning = containers.Count(c => c.State is ContainerState.Running),
            ContainersPaused = containers.Count(c => c.State is ContainerState.Paused),
            ContainersStopped = containers.Count(c => c.State is not (ContainerState.Running or ContainerState.Paused)),
            Images = images.Count,
            Driver = "overlayfs",
            DriverStatus = [],
            DockerRootDir = facts.DataDirectory,
            Plugins = new WirePlugins { Volume = [.. VolumeDrivers.Names], Network = ["bridge", "host", "null", "overlay"], Log = [.. LogDrivers.Names] },
            MemoryLimit = kernel.MemoryLimit,
            SwapLimit = kernel.SwapLimit,
            CpuCfsPeriod = kernel.CpuQuota,
            CpuCfsQuota = kernel.CpuQuota,
            CpuShares = kernel.CpuShares,
            CpuSet = kernel.CpuSet,
            PidsLimit = kernel.PidsLimit,
            OomKillDisable = kernel.OomKillDisable,
            IPv4Forwarding = kernel.Forwarding,
            NFd = Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : 0,
            NGoroutines = ThreadPool.ThreadCount,
            NEventsListener = call.Node.Events.Listeners,
            SystemTime = WireTime.Write(time.GetUtcNow()),
            LoggingDriver = LogDrivers.Default,
            CgroupDriver = "cgroupfs",
            CgroupVersion = facts.CgroupVersion == 1 ? "1" : "2",
            KernelVersion = facts.KernelVersion,
            OperatingSystem = facts.OperatingSystem,
            OsVersion = facts.OperatingSystemVersion,
            OsType = "linux",
            Architecture = NodeFacts.MachineArchitecture,
            IndexServerAddress = "https://index.docker.io/v1/",
            RegistryConfig = Registries(facts),
            NCpu = facts.Cpus,
            MemTotal = facts.MemoryBytes,
            HttpProxy = "",
            HttpsProxy = "",
            NoProxy = "",
            Name = facts.Hostname,
            Labels = [.. facts.EngineLabels.Select(l => $"{l.Key}={l.Value}")],
            ServerVersion = facts.Version,
            Runtimes = new Dictionary<string, WireRuntime>(StringComparer.Ordinal) { ["runc"] = new("runc") },
            DefaultRuntime = "runc",
            Swarm = Swarm(call, state),
            LiveRestoreEnabled = true,
            Isolation = "",
            InitBinary = "",
            ContainerdCommit = new WireCommit(""),
            RuncCommit = new WireCommit(""),
            InitCommit = new WireCommit(""),
            SecurityOptions = [.. kernel.Seccomp ? ["name=seccomp,profile=builtin"] : Array.Empty<string>(), .. facts.CgroupVersion == 1 ? Array.Empty<string>() : ["name=cgroupns"]],
            Warnings = [.. kernel.Warnings()],
            ChecksStacks = true,
        };
        await call.AnswerAsync(info, WireJson.Default.WireInfo, ct);
    }

    private static WireSwarmInfo Swarm(ApiCall call, SwarmState state)
    {
        // This replica's own picture: info answers also while the cluster has no leader.
        Store.StoreView? view = call.Node.Control?.View();
        return new WireSwarmInfo
        {
            NodeId = state.Node?.Value ?? "",
            NodeAddr = state.NodeAddress,
            LocalNodeState = Word(state.State),
            ControlAvailable = view is not null,
            Error = state.Error,
            RemoteManagers = state.Managers.IsEmpty ? null : [.. state.Managers.Select(m => new WireRemoteManager(m.Node.Value, m.Address))],
            Nodes = view?.Nodes.Count ?? 0,
            Managers = view?.Nodes.Count(n => n.IsToBeManager) ?? 0,
            Cluster = view?.Cluster?.ToWire(withTokens: false),
        };
    }

    /// <remarks>Clients ask this to pin a service to a digest, and go on with a warning when refused: then each node resolves the name itself, peers first.</remarks>
    private static async Task DistributionAsync(ApiCall call, CancellationToken ct)
    {
        string name = call["name"];
        ContainerEngine local = call.Node.Local ?? throw new ClusterException(ErrorKind.Unavailable, $"the registry of {name} cannot be asked: the agent of this node is not running");
        ImageVersion version = await local.FindVersionAsync(name, RegistryAuthHeader.ReadCredentials(call.Http.Request), ct);
        await call.AnswerAsync(
            StatusCodes.Status200OK,
            new WireDistribution
            {
                Descriptor = new WireDescriptor { MediaType = version.MediaType, Digest = version.Digest, Size = version.Size },
                Platforms = [.. version.Platforms.Select(p => new WireOciPlatform { Architecture = p.Architecture, Os = p.Os })],
            },
            WireJson.Default.WireDistribution,
            ct);
    }

    private static WireRegistryConfig Registries(NodeFacts facts)
    {
        List<string> mirrors = [.. facts.RegistryMirrors.Select(m => m.TrimEnd('/') + "/")];
        IEnumerable<string> hosts = facts.InsecureRegistries.Where(r => !r.Contains('/', StringComparison.Ordinal));
        return new WireRegistryConfig
        {
            InsecureRegistryCidrs = ["::1/128", "127.0.0.0/8", .. facts.InsecureRegistries.Where(r => r.Contains('/', StringComparison.Ordinal))],
            IndexConfigs = hosts.Select(host => new WireIndexInfo { Name = host, Mirrors = [] })
                .Prepend(new WireIndexInfo { Name = "docker.io", Mirrors = mirrors, Secure = true, Official = true })
                .DistinctBy(i => i.Name).ToDictionary(i => i.Name!, StringComparer.Ordinal),
            Mirrors = mirrors,
        };
    }

    private static string Word(LocalNodeState state) => state.ToString().ToLowerInvariant();
}
