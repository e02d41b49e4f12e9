using System.Security.Cryptography.X509Certificates;
using Skep.Model;

namespace Skep.Wire.Mapping;

public static class SwarmMapping
{
    /// <param name="withTokens">True for <c>GET /swarm</c>; <c>GET /info</c> shows no tokens.</param>
    public static WireSwarm ToWire(this Cluster cluster, bool withTokens) => new()
    {
        Id = cluster.Id.Value,
        Version = cluster.Version.ToWire(),
        CreatedAt = cluster.CreatedAt,
        UpdatedAt = cluster.UpdatedAt,
        Spec = cluster.Spec.ToWire(),
        TlsInfo = TlsInfo(cluster.RootCa.SigningPem),
        RootRotationInProgress = cluster.RootCa.Rotation is not null,
        DefaultAddrPool = [.. cluster.DefaultAddressPool.Select(p => p.ToString())],
        SubnetSize = (uint)cluster.SubnetSize,
        DataPathPort = (uint)cluster.DataPathPort,
        JoinTokens = withTokens ? new WireJoinTokens { Worker = cluster.JoinTokens.Worker, Manager = cluster.JoinTokens.Manager } : null,
    };

    public static WireSwarmSpec ToWire(this ClusterSpec spec) => new()
    {
        Name = spec.Annotations.Name,
        Labels = spec.Annotations.Labels.ToWire(),
        Orchestration = new WireOrchestration { TaskHistoryRetentionLimit = spec.TaskHistoryLimit },
        Raft = new WireRaft
        {
            SnapshotInterval = spec.Raft.SnapshotInterval,
            KeepOldSnapshots = spec.Raft.KeepOldSnapshots,
            LogEntriesForSlowFollowers = spec.Raft.LogEntriesForSlowFollowers,
            ElectionTick = spec.Raft.ElectionTick,
            HeartbeatTick = spec.Raft.HeartbeatTick,
        },
        Dispatcher = new WireDispatcher { HeartbeatPeriod = spec.HeartbeatPeriod.ToNanoseconds() },
        CaConfig = new WireCaConfig { NodeCertExpiry = spec.CertificateLifetime.ToNanoseconds(), ForceRotate = spec.CaForceRotate },
        TaskDefaults = new WireTaskDefaults { LogDriver = spec.DefaultLogDriver?.ToWire() },
        EncryptionConfig = new WireEncryption { AutoLockManagers = spec.AutoLockManagers },
    };

    /// <summary>The settings a request asks for, on top of the present ones: what it does not name keeps its value.</summary>
    /// <exception cref="ClusterException">It asks for an external authority or brings an authority of its own.</exception>
    /// <remarks>Source: moby/moby:daemon/cluster/convert/swarm.go, MergeSwarmSpecToGRPC.</remarks>
    public static ClusterSpec ToModel(this WireSwarmSpec spec, ClusterSpec present)
    {
        if (spec.CaConfig?.ExternalCas is { Count: > 0 })
        {
            throw new ClusterException(ErrorKind.NotImplemented, "external certificate authorities (CAConfig.ExternalCAs) are not supported");
        }

        return present with
        {
            Annotations = new Annotations(spec.Name is { Length: > 0 } name ? name : present.Annotations.Name)
            {
                Labels = spec.Labels is { } labels ? labels.ToModel() : present.Annotations.Labels,
            },
            TaskHistoryLimit = spec.Orchestration?.TaskHistoryRetentionLimit ?? present.TaskHistoryLimit,
            Raft = new RaftSettings
            {
                SnapshotInterval = NonZero(spec.Raft?.SnapshotInterval) ?? present.Raft.SnapshotInterval,
                KeepOldSnapshots = spec.Raft?.KeepOldSnapshots ?? present.Raft.KeepOldSnapshots,
                LogEntriesForSlowFollowers = NonZero(spec.Raft?.LogEntriesForSlowFollowers) ?? present.Raft.LogEntriesForSlowFollowers,
                ElectionTick = spec.Raft is { ElectionTick: not 0 } election ? election.ElectionTick : present.Raft.ElectionTick,
                HeartbeatTick = spec.Raft is { HeartbeatTick: not 0 } heartbeat ? heartbeat.HeartbeatTick : present.Raft.HeartbeatTick,
            },
            HeartbeatPeriod = spec.Dispatcher is { HeartbeatPeriod: not 0 } dispatcher ? OmitEmpty.FromNanoseconds(dispatcher.HeartbeatPeriod) : present.HeartbeatPeriod,
            CertificateLifetime = spec.CaConfig is { NodeCertExpiry: not 0 } ca ? OmitEmpty.FromNanoseconds(ca.NodeCertExpiry) : present.CertificateLifetime,
            CaForceRotate = NonZero(spec.CaConfig?.ForceRotate) ?? present.CaForceRotate,
            DefaultLogDriver = spec.TaskDefaults is { } defaults ? defaults.LogDriver?.ToModel() : present.DefaultLogDriver,
            AutoLockManagers = spec.EncryptionConfig?.AutoLockManagers ?? present.AutoLockManagers,
        };
    }

    /// <param name="rootPem">The root in force, or the one that is taking over: clients compare nodes with where the cluster is going.</param>
    public static WireTlsInfo TlsInfo(string rootPem)
    {
        if (rootPem.Length == 0)
        {
            return new WireTlsInfo();
        }

        using X509Certificate2 certificate = X509Certificate2.CreateFromPem(rootPem);
        return new WireTlsInfo
        {
            TrustRoot = rootPem,
            CertIssuerSubject = certificate.SubjectName.RawData,
            CertIssuerPublicKey = certificate.PublicKey.ExportSubjectPublicKeyInfo(),
        };
    }

    private static ulong? NonZero(ulong? number) => number is 0 ? null : number;
}
