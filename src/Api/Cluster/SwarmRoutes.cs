using System.Text;
using Skep.Api.Http;
using Skep.Manager.Ca;
using Skep.Manager.Control;
using Skep.Rpc.Security;
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
        if (Brought(body.Spec?.CaConfig) is not null)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "bringing a root certificate at init (CAConfig.SigningCACert) is not supported; init first, then swarm ca --rotate --ca-cert --ca-key");
        }

        ClusterSpec spec = (body.Spec ?? new WireSwarmSpec()).ToModel(ClusterSpec.Default);
        spec = spec with { AutoLockManagers = spec.AutoLockManagers || body.AutoLockManagers };
        SwarmControl.Check(spec, ClusterSpec.Default);
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
        await control.Swarm.UpdateAsync(version, present => body.ToModel(present), rotation, Brought(body.CaConfig), ct);
    }

    private static ImportedRoot? Brought(WireCaConfig? config) => (config?.SigningCaCert, config?.SigningCaKey) switch
    {
        ({ Length: > 0 } certificate, { Length: > 0 } key) => new ImportedRoot(certificate, SensitiveBytes.From(Encoding.UTF8.GetBytes(key))),
        ({ Length: > 0 }, _) => throw new ClusterException(
            ErrorKind.NotImplemented, "a root certificate without its key (CAConfig.SigningCACert) needs an external certificate authority, which is not supported; give the key too (--ca-key)"),
        (_, { Length: > 0 }) => throw ClusterException.Invalid("if a signing CA key is provided, the signing CA cert must also be provided"),
        _ => null,
    };

    private static async Task UnlockKeyAsync(ApiCall call, CancellationToken ct)
    {
        Skep.Model.Cluster cluster = (await call.Control.ReadAsync(ct)).RequireCluster();
        string key = cluster.Spec.AutoLockManagers ? Encoding.ASCII.GetString(cluster.UnlockKey.Reveal()) : "";
        await call.AnswerAsync(new WireUnlockKey { UnlockKey = key }, WireJson.Default.WireUnlockKey, ct);
    }

    /// <remarks>Source of errors and their order: moby/moby:daemon/cluster/swarm.go, UnlockSwarm.</remarks>
    private static async Task UnlockAsync(ApiCall call, CancellationToken ct)
    {
        WireUnlockKey body = await call.ReadAsync(WireJson.Default.WireUnlockKey, ct);
        if (call.Node.Lifecycle.State().State != LocalNodeState.Locked)
        {
            _ = call.Control; // No manager at all: says that first.
            throw new ClusterException(ErrorKind.AlreadyExists, "swarm is not locked");
        }

        await call.Node.Lifecycle.UnlockAsync(UnlockKey.Parse(body.UnlockKey ?? ""), ct);
    }

    private static void RequireInactive(ApiCall call, bool mayBeActive)
    {
        if (!mayBeActive && call.Node.Lifecycle.State().State is not (LocalNodeState.Inactive or LocalNodeState.Error))
        {
            throw new ClusterException(ErrorKind.Unavailable, "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one.");
        }
    }

    private static NodeAvailability Availability(string? word) => string.IsNullOrEmpty(word) ? NodeAvailability.Active : WireEnums.ReadAvailability(word);

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
