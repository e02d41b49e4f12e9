using Skep.Cli.Engine;
using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Swarm;

/// <summary><c>swarm init</c>, <c>join</c>, <c>leave</c>.</summary>
internal static class SwarmMembership
{
    private static readonly Flag<string> Advertise = Flag.Text("advertise-addr", "Advertised address (format: \"<ip|interface>[:port]\")");
    private static readonly Flag<string> Listen = Flag.Text("listen-addr", "Listen address (format: \"<ip|interface>[:port]\")", byDefault: "0.0.0.0:2377", valueName: "node-addr");
    private static readonly Flag<string> DataPath = Flag.Text("data-path-addr", "Address or interface to use for data path traffic (format: \"<ip|interface>\")");
    private static readonly Flag<ulong?> DataPathPort = Flag.Count("data-path-port", "Port number to use for data path traffic (1024 - 49151). If no value is set or is set to 0, the default port (4789) is used.");
    private static readonly Flag<string> Availability = Flag.Text("availability", "Availability of the node (\"active\", \"pause\", \"drain\")", byDefault: "active");
    private static readonly ListFlag<string> Pools = Flag.List("default-addr-pool", "default address pool in CIDR format", valueName: "ipNetSlice");
    private static readonly Flag<ulong?> PoolMask = Flag.Count("default-addr-pool-mask-length", "default address pool subnet mask length");
    private static readonly Flag<bool> ForceNew = Flag.Switch("force-new-cluster", "Force create a new cluster from current state");
    private static readonly Flag<string> Token = Flag.Text("token", "Token for entry into the swarm");
    private static readonly Flag<bool> ForceLeave = Flag.Switch("force", "Force this node to leave the swarm, ignoring warnings", 'f');

    public static readonly Verb Init = new("[OPTIONS]", "Initialize a swarm", Arity.None,
        [Advertise, Listen, DataPath, DataPathPort, Availability, Pools, PoolMask, ForceNew, .. SwarmSettings.Flags], InitAsync);

    public static readonly Verb Join = new("[OPTIONS] HOST:PORT", "Join a swarm as a node and/or manager", Arity.One, [Advertise, Listen, DataPath, Availability, Token], JoinAsync);

    public static readonly Verb Leave = new("[OPTIONS]", "Leave the swarm", Arity.None, [ForceLeave], static async (call, cancellation) =>
    {
        await call.Engine.PostAsync(new Query("/swarm/leave").When(call.Get(ForceLeave), "force", "1").ToString(), cancellation);
        call.Out.WriteLine("Node left the swarm.");
        return 0;
    });

    private static async Task<int> InitAsync(Invocation call, CancellationToken cancellation)
    {
        bool autolock = call.Get(SwarmSettings.Autolock);
        WireSwarmInit body = new()
        {
            ListenAddr = call.Get(Listen),
            AdvertiseAddr = call.Get(Advertise),
            DataPathAddr = call.Get(DataPath),
            DataPathPort = (uint)(call.Get(DataPathPort) ?? 0),
            ForceNewCluster = call.Get(ForceNew),
            AutoLockManagers = autolock,
            Availability = call.Given(Availability) ? Checked(call.Get(Availability)) : "active",
            DefaultAddrPool = call.Given(Pools) ? [.. call.All(Pools).SelectMany(static pools => pools.Split(','))] : null,
            SubnetSize = (uint)(call.Get(PoolMask) ?? 24),
            Spec = SwarmSettings.Apply(call, new WireSwarmSpec { Orchestration = new(), Raft = new(), Dispatcher = new(), CaConfig = new(), TaskDefaults = new(), EncryptionConfig = new() { AutoLockManagers = autolock } }),
        };
        string node;
        try
        {
            node = await call.Engine.PostAsync("/swarm/init", body, WireJson.Default.WireSwarmInit, WireJson.Default.String, cancellation);
        }
        catch (EngineException failure) when (failure.Reason.Contains("could not choose an IP address to advertise", StringComparison.Ordinal))
        {
            throw new CliException($"{failure.Message} - specify one with --advertise-addr");
        }

        call.Out.WriteLine($"Swarm initialized: current node ({node}) is now a manager.\n");
        await SwarmTokens.PrintJoinCommandAsync(call, node, worker: true, manager: false, cancellation);
        call.Out.WriteLine("To add a manager to this swarm, run 'skep swarm join-token manager' and follow the instructions.");
        if (autolock)
        {
            call.Out.WriteLine();
            await SwarmTokens.PrintUnlockKeyAsync(call, cancellation);
        }

        return 0;
    }

    private static async Task<int> JoinAsync(Invocation call, CancellationToken cancellation)
    {
        await call.Engine.PostAsync(
            "/swarm/join",
            new WireSwarmJoin
            {
                JoinToken = call.Get(Token),
                ListenAddr = call.Get(Listen),
                AdvertiseAddr = call.Get(Advertise),
                DataPathAddr = call.Get(DataPath),
                RemoteAddrs = [call.Arguments[0]],
                Availability = call.Given(Availability) ? Checked(call.Get(Availability)) : "",
            },
            WireJson.Default.WireSwarmJoin,
            cancellation);
        WireInfo info = await call.Engine.GetAsync("/info", WireJson.Default.WireInfo, cancellation);
        call.Out.WriteLine(info.Swarm?.ControlAvailable == true ? "This node joined a swarm as a manager." : "This node joined a swarm as a worker.");
        return 0;
    }

    private static string Checked(string availability) => availability.ToLowerInvariant() is ("active" or "pause" or "drain") and var known
        ? known
        : throw new CliException($"invalid availability \"{availability}\", only active, pause and drain are supported");
}
