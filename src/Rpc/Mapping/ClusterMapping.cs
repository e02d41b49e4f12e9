using Skep.Model;
using static Skep.Rpc.Mapping.WireValues;
using Proto = Skep.Rpc.V1;

namespace Skep.Rpc.Mapping;

public static class ClusterMapping
{
    public static Proto.Cluster ToProto(this Cluster cluster) => new()
    {
        Id = cluster.Id.Value,
        Meta = AnnotationsMapping.MetaOf(cluster),
        Spec = cluster.Spec.ToProto(),
        RootCa = new Proto.RootCa
        {
            CertificatePem = cluster.RootCa.CertificatePem,
            PrivateKeyPem = cluster.RootCa.PrivateKeyPem.ToProto(),
            Digest = cluster.RootCa.Digest,
            Rotation = cluster.RootCa.Rotation is { } rotation
                ? new Proto.RootRotation { CertificatePem = rotation.CertificatePem, PrivateKeyPem = rotation.PrivateKeyPem.ToProto(), CrossSignedPem = rotation.CrossSignedPem }
                : null,
        },
        JoinTokens = new Proto.JoinTokens { Worker = cluster.JoinTokens.Worker, Manager = cluster.JoinTokens.Manager },
        DefaultAddressPool = { cluster.DefaultAddressPool.Select(WireValues.ToProto) },
        SubnetSize = (uint)cluster.SubnetSize,
        DataPathPort = (uint)cluster.DataPathPort,
        UnlockKey = cluster.UnlockKey.ToProto(),
        RemovedNodes = { cluster.RemovedNodes.Select(p => new Proto.RemovedNode { NodeId = p.Key.Value, UntilNanos = p.Value.ToNanos() }) },
        OlderCertificatesUntilNanos = cluster.OlderCertificatesUntil.ToNanos(),
    };

    public static Cluster ToModel(this Proto.Cluster cluster)
    {
        Proto.Meta meta = Need(cluster.Meta);
        Proto.RootCa rootCa = Need(cluster.RootCa);
        Proto.JoinTokens tokens = Need(cluster.JoinTokens);
        return new Cluster(new ClusterId(cluster.Id))
        {
            Version = new ObjectVersion(meta.Version),
            CreatedAt = meta.CreatedAtNanos.ToTime(),
            UpdatedAt = meta.UpdatedAtNanos.ToTime(),
            Spec = Need(cluster.Spec).ToModel(),
            RootCa = new RootCa(rootCa.CertificatePem, rootCa.PrivateKeyPem.ToSensitive(), rootCa.Digest)
            {
                Rotation = rootCa.Rotation is { } rotation ? new RootRotation(rotation.CertificatePem, rotation.PrivateKeyPem.ToSensitive(), rotation.CrossSignedPem) : null,
            },
            JoinTokens = new JoinTokens(tokens.Worker, tokens.Manager),
            DefaultAddressPool = cluster.DefaultAddressPool.ToList(p => p.ToModel()),
            SubnetSize = (int)cluster.SubnetSize,
            DataPathPort = (int)cluster.DataPathPort,
            UnlockKey = cluster.UnlockKey.ToSensitive(),
            RemovedNodes = cluster.RemovedNodes.ToValueMap(n => new NodeId(n.NodeId), n => n.UntilNanos.ToTime()),
            OlderCertificatesUntil = cluster.OlderCertificatesUntilNanos.ToTime(),
        };
    }

    internal static Proto.ClusterSpec ToProto(this ClusterSpec spec) => new()
    {
        Annotations = spec.Annotations.ToProto(),
        TaskHistoryLimit = spec.TaskHistoryLimit,
        Raft = new Proto.RaftSettings
        {
            SnapshotInterval = spec.Raft.SnapshotInterval,
            KeepOldSnapshots = spec.Raft.KeepOldSnapshots,
            LogEntriesForSlowFollowers = spec.Raft.LogEntriesForSlowFollowers,
            ElectionTick = spec.Raft.ElectionTick,
            HeartbeatTick = spec.Raft.HeartbeatTick,
        },
        HeartbeatPeriodNanos = spec.HeartbeatPeriod.ToNanos(),
        CertificateLifetimeNanos = spec.CertificateLifetime.ToNanos(),
        CaForceRotate = spec.CaForceRotate,
        AutoLockManagers = spec.AutoLockManagers,
        DefaultLogDriver = spec.DefaultLogDriver?.ToProto(),
    };

    internal static ClusterSpec ToModel(this Proto.ClusterSpec spec)
    {
        Proto.RaftSettings raft = Need(spec.Raft);
        return new ClusterSpec(Need(spec.Annotations).ToModel())
        {
            TaskHistoryLimit = spec.TaskHistoryLimit,
            Raft = new RaftSettings
            {
                SnapshotInterval = raft.SnapshotInterval,
                KeepOldSnapshots = raft.KeepOldSnapshots,
                LogEntriesForSlowFollowers = raft.LogEntriesForSlowFollowers,
                ElectionTick = raft.ElectionTick,
                HeartbeatTick = raft.HeartbeatTick,
            },
            HeartbeatPeriod = spec.HeartbeatPeriodNanos.ToDuration(),
            CertificateLifetime = spec.CertificateLifetimeNanos.ToDuration(),
            CaForceRotate = spec.CaForceRotate,
            AutoLockManagers = spec.AutoLockManagers,
            DefaultLogDriver = spec.DefaultLogDriver?.ToModel(),
        };
    }
}
