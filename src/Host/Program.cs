using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Skep.Api;
using Skep.Dashboard.Access;
using Skep.Host;
using Skep.Host.Listeners;
using Skep.Host.Metrics;
using Skep.Host.Node;

if (args is [NamesCommand.Verb, string namesSocket])
{
    return NamesCommand.Run(namesSocket, TimeProvider.System);
}

string version = typeof(SkepdOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
if (args is ["--help" or "-h"])
{
    Console.WriteLine(Usage.Text);
    return 0;
}

if (args is ["--version" or "-v"])
{
    Console.WriteLine($"skepd {version}");
    return 0;
}

TimeProvider time = TimeProvider.System;
try
{
    if (args is ["dashboard", .. string[] rest])
    {
        using var interrupted = new CancellationTokenSource();
        using PosixSignalRegistration onTermHere = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        using PosixSignalRegistration onInterruptHere = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        void Interrupt(PosixSignalContext signal)
        {
            signal.Cancel = true;
            interrupted.Cancel();
        }

        return await DashboardCommand.RunAsync(rest, time, interrupted.Token);
    }

    SkepdOptions options = SkepdOptions.Parse(args);
    if (!LibC.IsRoot)
    {
        throw new ClusterException(ErrorKind.FailedPrecondition, "skepd needs root: it makes network namespaces, mounts and containers");
    }

    using FileStream owned = DataDirectory.Own(options.DataDir);
    using var log = new ConsoleLog(Usage.LevelOf(options.LogLevel), time);
    using var stopping = new CancellationTokenSource();
    using PosixSignalRegistration onTerm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stopping.Cancel();
    }

    ApiTls? tls = ApiTls.Load(options);
    ILogger pageLog = log.CreateLogger("Dashboard");
    PageCertificate? pageCertificate = DashboardTls.Load("--dashboard-cert", options.DashboardCert, "--dashboard-key", options.DashboardKey, reason => pageLog.DashboardCertificateKept(reason));
    using Telemetry observed = new Telemetry(options.MetricsAddr, version, time);
    string hostname = options.NodeName ?? Environment.MachineName;
    var paths = new NodePaths(options.DataDir, options.RunDir);
    await using NodeHost engine = new NodeHost(options, paths, hostname, version, time, Random.Shared, log);
    await engine.OpenAsync(NodeRecord.Load(paths.NodeRecord)?.DataPathPort ?? 0, stopping.Token);
    NodeFacts facts = NodeFacts.OfThisMachine(version, hostname, options.DataDir) with
    {
        EngineLabels = options.EngineLabels(),
        InsecureRegistries = options.InsecureRegistries.ToValueList(),
        RegistryMirrors = options.RegistryMirrors.ToValueList(),
    };
    using var node = new NodeLifecycle(options, paths, engine, facts, time, Random.Shared, log);
    observed.AddGauges(node, facts);
    await node.ResumeAsync(stopping.Token);
    var dashboard = new DashboardListener(options.DashboardPort, pageCertificate, options.Socket, options.RunDir, node, time, log);
    await using WebApplication api = await ApiListener.StartAsync(options.Socket, paths.RelaySocket, options.Group, tls, node, dashboard, time, log, stopping.Token);
    await using WebApplication? metrics = await observed.ServeAsync(log, stopping.Token);
    log.CreateLogger("Skepd").Serving(version, options.Socket);
    _ = WorkingSet.KeepSmallAsync(time, log.CreateLogger("Skepd"), stopping.Token);
    Task serving = dashboard.RunAsync(stopping.Token);
    await node.RunAsync(stopping.Token);
    await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    return 0;
}
catch (OperationCanceledException)
{
    return 0;
}
catch (Exception e) when (e is ClusterException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"skepd: {e.Message}");
    return 1;
}
