using Skep.Manager.Ca;
using Skep.Rpc.Security;

namespace Skep.Manager.Control;

/// <summary>Which secrets of the cluster an update also replaces.</summary>
public sealed record SecretRotation(bool WorkerToken, bool ManagerToken, bool UnlockKey);

/// <summary>The cluster's own settings, join tokens and unlock key.</summary>
public sealed class SwarmControl
{
    private static readonly TimeSpan MinCertificateLifetime = TimeSpan.FromHours(1);

    private readonly ControlCommits _commits;

    private readonly TimeProvider _time;

    internal SwarmControl(ControlCommits commits, TimeProvider time)
    {
        _commits = commits;
        _time = time;
    }

    /// <param name="change">From the present settings to the ones wanted. Another <see cref="ClusterSpec.CaForceRotate"/> has a new root take over.</param>
    /// <param name="brought">A root that is to take over; null: none is brought.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.OutOfSequence"/>; <see cref="ErrorKind.InvalidArgument"/></exception>
    public Task UpdateAsync(ulong version, Func<ClusterSpec, ClusterSpec> change, SecretRotation rotation, ImportedRoot? brought, CancellationToken ct) => _commits.CommitAsync(
        view =>
        {
            Cluster cluster = view.RequireCluster();
            ControlCommits.RequireVersion(cluster, version);
            ClusterSpec spec = change(cluster.Spec);
            Check(spec, cluster.Spec);
            DateTimeOffset older = spec.CertificateLifetime < cluster.Spec.CertificateLifetime ? cluster.CertificatesUntil(_time.GetUtcNow()) : cluster.OlderCertificatesUntil;
            Cluster next = Rotated(cluster with { Spec = spec, OlderCertificatesUntil = older }, rotation);
            if (spec.CaForceRotate != cluster.Spec.CaForceRotate || (brought is not null && brought.CertificatePem.Trim() != cluster.RootCa.SigningPem.Trim()))
            {
                next = RootRotations.Begin(next, brought, _time.GetUtcNow());
            }

            return new ControlPlan<bool>([new StoreChange.Update(next)], true);
        },
        ct);

    /// <summary>What a first manager's settings must obey too.</summary>
    /// <exception cref="ClusterException">As <see cref="UpdateAsync"/>.</exception>
    public static void Check(ClusterSpec spec, ClusterSpec present)
    {
        if (spec.Annotations.Name != "default")
        {
            throw ClusterException.Invalid($"swarm spec must be named 'default', not '{spec.Annotations.Name}'");
        }

        if (spec.HeartbeatPeriod <= TimeSpan.Zero)
        {
            throw ClusterException.Invalid("heartbeat time period cannot be a negative duration");
        }

        if (spec.CertificateLifetime < MinCertificateLifetime)
        {
            throw ClusterException.Invalid($"minimum certificate expiry time is {MinCertificateLifetime.TotalHours:0}h0m0s");
        }

        if (spec.Raft.ElectionTick != present.Raft.ElectionTick || spec.Raft.HeartbeatTick != present.Raft.HeartbeatTick)
        {
            throw ClusterException.Invalid("Raft.ElectionTick and Raft.HeartbeatTick cannot be changed in a running cluster");
        }
    }

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
            ? cluster with { UnlockKey = Skep.Rpc.Security.UnlockKey.Create() }
            : cluster;
    }

    private static string NewToken(Cluster cluster) => JoinToken.Create(cluster.RootCa.CertificatePem).ToString();
}
