using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;
using Skep.Cli.Templates;
using Skep.Wire;

namespace Skep.Cli.Node;

/// <summary><c>info</c> and <c>version</c>.</summary>
internal static class NodeInfo
{
    public static readonly Verb Info = new("[OPTIONS]", "Display information about this node", Arity.None, [CommonFlags.InspectFormat], static async (call, cancellation) =>
    {
        if (call.Get(CommonFlags.InspectFormat) is { Length: > 0 } format)
        {
            object? raw = TemplateValue.From(await call.Engine.GetRawAsync("/info", cancellation));
            call.Out.WriteLine(format == "json" ? TemplateValue.ToJson(raw) : GoTemplate.Parse(format).Run(raw));
            return 0;
        }

        WireInfo info = await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
        call.Out.Write(Describe(info));
        foreach (string warning in info.Warnings ?? [])
        {
            call.Err.WriteLine(warning);
        }

        return 0;
    });

    public static readonly Verb Version = new("[OPTIONS]", "Show the version information", Arity.None, [CommonFlags.InspectFormat], VersionAsync);

    private static async Task<int> VersionAsync(Invocation call, CancellationToken cancellation)
    {
        WireEngineVersion? server = null;
        CliException? unreachable = null;
        try
        {
            server = await call.Engine.GetAsync("/version", WireJson.Default.WireEngineVersion, cancellation);
        }
        catch (CliException failure)
        {
            unreachable = failure; // our own half is told all the same
        }

        string api = unreachable is null ? await call.Engine.VersionAsync(cancellation) : EngineClient.NewestVersion;
        string architecture = RuntimeInformation.OSArchitecture switch { Architecture.X64 => "amd64", Architecture.Arm64 => "arm64", var other => other.ToString().ToLowerInvariant() };
        if (call.Get(CommonFlags.InspectFormat) is { Length: > 0 } format)
        {
            Dictionary<string, object?> both = new(StringComparer.Ordinal)
            {
                ["Client"] = new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["Version"] = ProductVersion.Text,
                    ["ApiVersion"] = api,
                    ["DefaultAPIVersion"] = EngineClient.NewestVersion,
                    ["Os"] = "linux",
                    ["Arch"] = architecture,
                },
                ["Server"] = server is null ? null : TemplateValue.From(await call.Engine.GetRawAsync("/version", cancellation)),
            };
            call.Out.WriteLine(format == "json" ? TemplateValue.ToJson(both) : GoTemplate.Parse(format).Run(both));
        }
        else
        {
            call.Out.WriteLine($"Client:\n Version:           {ProductVersion.Text}\n API version:       {api}\n OS/Arch:           linux/{architecture}");
            if (server is not null)
            {
                call.Out.WriteLine($"\nServer: {server.Platform?.Name}\n Engine:\n  Version:          {server.Version}\n  API version:      {server.ApiVersion} (minimum version {server.MinApiVersion})\n  OS/Arch:          {server.Os}/{server.Arch}\n  Kernel:           {server.KernelVersion}");
                foreach (WireComponent component in (server.Components ?? []).Where(static component => component.Name != "Engine"))
                {
                    call.Out.WriteLine($" {component.Name}:\n  Version:          {component.Version}");
                }
            }
        }

        return unreachable is null ? 0 : throw unreachable;
    }

    private static string Describe(WireInfo info)
    {
        StringBuilder text = new();
        void Line(string line) => text.Append(line).Append('\n');
        Line($"Client:\n Version:    {ProductVersion.Text}\n\nServer:");
        Line(string.Create(CultureInfo.InvariantCulture, $" Containers: {info.Containers}\n  Running: {info.ContainersRunning}\n  Paused: {info.ContainersPaused}\n  Stopped: {info.ContainersStopped}\n Images: {info.Images}"));
        Line($" Server Version: {info.ServerVersion}\n Storage Driver: {info.Driver}");
        foreach (List<string> status in info.DriverStatus ?? [])
        {
            Line($"  {string.Join(": ", status)}");
        }

        Line($" Logging Driver: {info.LoggingDriver}\n Cgroup Driver: {info.CgroupDriver}\n Cgroup Version: {info.CgroupVersion}");
        if (info.Plugins is { } plugins)
        {
            Line($" Plugins:\n  Volume: {string.Join(' ', plugins.Volume ?? [])}\n  Network: {string.Join(' ', plugins.Network ?? [])}\n  Log: {string.Join(' ', plugins.Log ?? [])}");
        }

        DescribeSwarm(info.Swarm ?? new WireSwarmInfo(), Line);
        if (info.Runtimes is { Count: > 0 } runtimes)
        {
            Line($" Runtimes: {string.Join(' ', runtimes.Keys.Order(StringComparer.Ordinal))}\n Default Runtime: {info.DefaultRuntime}");
        }

        if (info.SecurityOptions is { Count: > 0 } security)
        {
            Line($" Security Options:\n{string.Join('\n', security.Select(static option => $"  {option}"))}");
        }

        Line($" Kernel Version: {info.KernelVersion}\n Operating System: {info.OperatingSystem}\n OSType: {info.OsType}\n Architecture: {info.Architecture}");
        Line(string.Create(CultureInfo.InvariantCulture, $" CPUs: {info.NCpu}\n Total Memory: {HumanFormat.BinarySize(info.MemTotal)}"));
        Line($" Name: {info.Name}\n ID: {info.Id}\n Docker Root Dir: {info.DockerRootDir}\n Debug Mode: {(info.Debug ? "true" : "false")}");
        if (info.Labels is { Count: > 0 } labels)
        {
            Line($" Labels:\n{string.Join('\n', labels.Select(static label => $"  {label}"))}");
        }

        return text.ToString();
    }

    private static void DescribeSwarm(WireSwarmInfo swarm, Action<string> line)
    {
        line($" Swarm: {swarm.LocalNodeState}");
        if (swarm.LocalNodeState is null or "inactive" or "locked")
        {
            return;
        }

        line($"  NodeID: {swarm.NodeId}");
        if (swarm.Error is { Length: > 0 } error)
        {
            line($"  Error: {error}");
        }

        line($"  Is Manager: {(swarm.ControlAvailable ? "true" : "false")}");
        if (swarm.Cluster is { } cluster && swarm.ControlAvailable && swarm.LocalNodeState != "error")
        {
            line(string.Create(CultureInfo.InvariantCulture, $"  ClusterID: {cluster.Id}\n  Managers: {swarm.Managers}\n  Nodes: {swarm.Nodes}"));
            if (cluster.DefaultAddrPool is { Count: > 0 } pools)
            {
                line(string.Create(CultureInfo.InvariantCulture, $"  Default Address Pool: {string.Join("  ", pools)}  \n  SubnetSize: {cluster.SubnetSize}\n  Data Path Port: {cluster.DataPathPort}"));
            }

            if (cluster.Spec is { } spec)
            {
                line($"  Orchestration:\n   Task History Retention Limit: {spec.Orchestration?.TaskHistoryRetentionLimit ?? 5}");
                line($"  Raft:\n   Snapshot Interval: {spec.Raft?.SnapshotInterval}\n   Number of Old Snapshots to Retain: {spec.Raft?.KeepOldSnapshots ?? 0}\n   Heartbeat Tick: {spec.Raft?.HeartbeatTick}\n   Election Tick: {spec.Raft?.ElectionTick}");
                line($"  Dispatcher:\n   Heartbeat Period: {HumanFormat.Duration(TimeSpan.FromTicks((spec.Dispatcher?.HeartbeatPeriod ?? 0) / TimeSpan.NanosecondsPerTick))}");
                line($"  CA Configuration:\n   Expiry Duration: {HumanFormat.Duration(TimeSpan.FromTicks((spec.CaConfig?.NodeCertExpiry ?? 0) / TimeSpan.NanosecondsPerTick))}\n   Force Rotate: {spec.CaConfig?.ForceRotate}");
                line($"  Autolock Managers: {(spec.EncryptionConfig?.AutoLockManagers == true ? "true" : "false")}\n  Root Rotation In Progress: {(cluster.RootRotationInProgress ? "true" : "false")}");
            }
        }

        line($"  Node Address: {swarm.NodeAddr}");
        if (swarm.RemoteManagers is { Count: > 0 } managers)
        {
            line($"  Manager Addresses:\n{string.Join('\n', managers.Select(static manager => $"   {manager.Addr}").Order(StringComparer.Ordinal))}");
        }
    }
}
