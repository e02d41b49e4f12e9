using System.Text;
using Skep.Api.Http;
using Skep.Manager.Control;
using Skep.Store;

namespace Skep.Api.Cluster;

/// <summary>The cluster itself, and this node's way in and out of it.</summary>
internal static class SwarmRoutes
{
    public static void AddTo(RouteTable routes)
    {
        routes.Add("GET", "/swarm", InspectAsync);
        routes.Add("POST", "/swarm/init", InitAsync);
        routes.Add("POST", "/swarm/join", JoinAsync);
        routes.Add("POST", "/swarm/leave", (call, ct) => call.Node.Lifecycle.LeaveAsync(call.Flag("force"), ct));
        routes.Add("POST", "/swarm/update", UpdateAsync);
        routes.Add("GET", "/swarm/unlockkey", UnlockKeyAsync);
        routes.Add("POST", "/swarm/unlock", UnlockAsync);
    }

    private static async Task InspectAsync(ApiCall call, CancellationToken ct)
    {
        StoreView view = await call.Control.ReadAsync(ct);
        await call.AnswerAsync(view.RequireCluster().ToWire(withTokens: true), WireJson.Default.WireSwarm, ct);
    }

    private static async Task InitAsync(ApiCall call, CancellationToken ct)
    {
        WireSwarmInit body = await call.ReadAsync(WireJson.Default.WireSwarmInit, ct);
        RequireInactive(call, mayBeActive: body.ForceNewCluster);
        ClusterSpec spec = (body.Spec ?? new WireSwarmSpec()).ToModel(ClusterSpec.Default);
        spec = spec with { AutoLockManagers = spec.AutoLockManagers || body.AutoLockManagers };
        SwarmControl.Check(spec, ClusterSpec.Default, new ControlOptions());
        var request = new SwarmInit(body.ListenAddr ?? "", body.AdvertiseAddr ?? "", body.DataPathAddr ?? "")
        {
            DataPathPort = DataPathPort(body.DataPathPort),
            ForceNewCluster = body.ForceNewCluster,
            Spec = spec,
            Availability = Availability(body.Availability),
            AddressPools = (body.DefaultAddrPool ?? []).Select(Pool).ToValueList(),
            SubnetSize = SubnetSize(body),
        };
        NodeId node = await call.Node.Lifecycle.InitAsync(request, ct);
        await call.AnswerAsync(node.Value, WireJson.Default.String, ct);
    }

    private static async Task JoinAsync(ApiCall call, CancellationToken ct)
    {
        WireSwarmJoin body = await call.ReadAsync(WireJson.Default.WireSwarmJoin, ct);
        RequireInactive(call, mayBeActive: false);
        if (body.RemoteAddrs is not { Count: > 0 } remotes)
        {
            throw ClusterException.Invalid("at least 1 RemoteAddr is required to join");
        }

        await call.Node.Lifecycle.JoinAsync(
            new SwarmJoin([.. remotes], SensitiveBytes.From(Encoding.UTF8.GetBytes(body.JoinToken ?? "")))
            {
                ListenAddress = body.ListenAddr ?? "",
                AdvertiseAddress = body.AdvertiseAddr ?? "",
                DataPathAddress = body.DataPathAddr ?? "",
                Availability = Availability(body.Availability),
            },
            ct);
    }

    private static async Task UpdateAsync(ApiCall call, CancellationToken ct)
    {
        ClusterControl control = call.Control;
        ulong version = call.ExpectedVersion("swarm");
        WireSwarmSpec body = await call.ReadAsync(WireJson.Default.WireSwarmSpec, ct);
        var rotation = new SecretRotation(call.Flag("rotateWorkerToken"), call.Flag("rotateManagerToken"), call.Flag("rotateManagerUnlockKey"));
        await control.Swarm.UpdateAsync(version, present => body.ToModel(present), rotation, ct);
    }

    private static async Task UnlockKeyAsync(ApiCall call, CancellationToken ct)
    {
        Skep.Model.Cluster cluster = (await call.Control.ReadAsync(ct)).RequireCluster();
        string key = cluster.Spec.AutoLockManagers ? Encoding.ASCII.GetString(cluster.UnlockKey.Reveal()) : "";
        await call.AnswerAsync(new WireUnlockKey { UnlockKey = key }, WireJson.Default.WireUnlockKey, ct);
    }

    private static Task UnlockAsync(ApiCall call, CancellationToken ct)
        => call.Node.Lifecycle.State().State == LocalNodeState.Locked
            ? throw new ClusterException(ErrorKind.NotImplemented, "autolock is not supported by this manager")
            : throw new ClusterException(ErrorKind.AlreadyExists, "swarm is not locked");

    private static void RequireInactive(ApiCall call, bool mayBeActive)
    {
        if (!mayBeActive && call.Node.Lifecycle.State().State is not (LocalNodeState.Inactive or LocalNodeState.Error))
        {
            throw new ClusterException(ErrorKind.Unavailable, "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one.");
        }
    }

    private static NodeAvailability Availability(string? word) => string.IsNullOrEmpty(word) ? NodeAvailability.Active : WireWords.ReadAvailability(word);

    private static Ipv4Prefix Pool(string text)
        => Ipv4Prefix.TryParse(text, out Ipv4Prefix pool) ? pool : throw ClusterException.Invalid($"invalid address pool '{text}': an IPv4 subnet such as 10.20.0.0/16 is expected");

    private static int SubnetSize(WireSwarmInit body)
    {
        int size = body.SubnetSize == 0 ? 24 : (int)Math.Min(body.SubnetSize, 33);
        int largest = (body.DefaultAddrPool ?? []).Select(p => Pool(p).Length).DefaultIfEmpty(8).Max();
        return size <= 29 && size >= largest
            ? size
            : throw ClusterException.Invalid($"invalid subnet size {body.SubnetSize}: it has to be between the pool's own ({largest}) and 29");
    }

    private static int DataPathPort(uint port) => port switch
    {
        0 => 4789,
        >= 1024 and <= 49151 => (int)port,
        _ => throw ClusterException.Invalid("Datapath port number is not in valid range (1024-49151)"),
    };
}
