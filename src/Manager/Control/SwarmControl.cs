using System.Security.Cryptography;
using Skep.Rpc.Security;

namespace Skep.Manager.Control;

/// <summary>Which secrets of the cluster an update also replaces.</summary>
public sealed record SecretRotation(bool WorkerToken, bool ManagerToken, bool UnlockKey);

/// <summary>The cluster's own settings, join tokens and unlock key.</summary>
public sealed class SwarmControl
{
    private static readonly TimeSpan s_minCertificateLifetime = TimeSpan.FromHours(1);

    private readonly ControlCommits _commits;
    private readonly ControlOptions _options;

    internal SwarmControl(ControlCommits commits, ControlOptions options)
    {
        _commits = commits;
        _options = options;
    }

    /// <param name="change">From the present settings to the ones wanted.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.OutOfSequence"/>; <see cref="ErrorKind.InvalidArgument"/>; <see cref="ErrorKind.NotImplemented"/>: autolock where managers cannot.</exception>
    public Task UpdateAsync(ulong version, Func<ClusterSpec, ClusterSpec> change, SecretRotation rotation, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Cluster cluster = view.RequireCluster();
            ControlCommits.RequireVersion(cluster, version);
            ClusterSpec spec = change(cluster.Spec);
            Check(spec, cluster.Spec, _options);
            return new ControlPlan<bool>([new StoreChange.Update(Rotated(cluster with { Spec = spec }, rotation))], true);
        },
        ct);

    /// <summary>What a first manager's settings must obey too.</summary>
    /// <exception cref="ClusterException">As <see cref="UpdateAsync"/>.</exception>
    public static void Check(ClusterSpec spec, ClusterSpec present, ControlOptions options)
    {
        if (spec.Annotations.Name != "default")
        {
            throw ClusterException.Invalid($"swarm spec must be named 'default', not '{spec.Annotations.Name}'");
        }

        if (spec.HeartbeatPeriod <= TimeSpan.Zero)
        {
            throw ClusterException.Invalid("heartbeat time period cannot be a negative duration");
        }

        if (spec.CertificateLifetime < s_minCertificateLifetime)
        {
            throw ClusterException.Invalid($"minimum certificate expiry time is {s_minCertificateLifetime.TotalHours:0}h0m0s");
        }

        if (spec.Raft.ElectionTick != present.Raft.ElectionTick || spec.Raft.HeartbeatTick != present.Raft.HeartbeatTick)
        {
            throw ClusterException.Invalid("Raft.ElectionTick and Raft.HeartbeatTick cannot be changed in a running cluster");
        }

        if (spec.Raft != present.Raft)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "changing the Raft snapshot settings (--snapshot-interval, --max-snapshots) is not supported");
        }

        if (spec.CaForceRotate != present.CaForceRotate)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "rotating the root CA is not supported yet");
        }

        if (spec.AutoLockManagers && !options.CanAutoLock)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "autolock is not supported by this manager");
        }
    }

    /// <summary>A new unlock key: <c>SWMKEY-1-</c> and 32 random bytes in base 64 without padding.</summary>
    /// <remarks>Source: moby/swarmkit:manager/encryption/encryption.go, HumanReadableKey.</remarks>
    public static string NewUnlockKey() => $"SWMKEY-1-{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=')}";

    private static Cluster Rotated(Cluster cluster, SecretRotation rotation)
    {
        if (rotation.WorkerToken)
        {
            cluster = cluster with { JoinTokens = cluster.JoinTokens with { Worker = NewToken(cluster) } };
        }

        if (rotation.ManagerToken)
        {
            cluster = cluster with { JoinTokens = cluster.JoinTokens with { Manager = NewToken(cluster) } };
        }

        if (!cluster.Spec.AutoLockManagers)
        {
            return cluster with { UnlockKey = SensitiveBytes.Empty };
        }

        return rotation.UnlockKey || cluster.UnlockKey.Length == 0
            ? cluster with { UnlockKey = SensitiveBytes.From(System.Text.Encoding.ASCII.GetBytes(NewUnlockKey())) }
            : cluster;
    }

    private static string NewToken(Cluster cluster) => JoinToken.Create(cluster.RootCa.CertificatePem).ToString();
}
