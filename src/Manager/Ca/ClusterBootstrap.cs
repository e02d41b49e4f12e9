using Skep.Rpc.Security;

namespace Skep.Manager.Ca;

/// <summary>The objects a cluster begins with, made before there is anyone to ask.</summary>
public sealed record ClusterBootstrap(Cluster Cluster, Node FirstManager)
{
    /// <summary>Decides a cluster: its root, its tokens and its first manager.</summary>
    public static ClusterBootstrap Create(ClusterSpec spec, NodeAvailability availability, Moment moment)
    {
        RootCa root = RootAuthority.Create(moment.Now);
        var cluster = new Cluster(new ClusterId(moment.Ids.Next()))
        {
            Spec = spec,
            RootCa = root,
            JoinTokens = new JoinTokens(JoinToken.Create(root.CertificatePem).ToString(), JoinToken.Create(root.CertificatePem).ToString()),
            UnlockKey = spec.AutoLockManagers ? UnlockKey.Create() : SensitiveBytes.Empty,
        };
        var node = new Node(new NodeId(moment.Ids.Next()))
        {
            Spec = new NodeSpec(Annotations.Unnamed) { DesiredRole = NodeRole.Manager, Availability = availability },
            Role = NodeRole.Manager,
        };
        return new ClusterBootstrap(cluster, node);
    }

    /// <summary>The first manager's own certificate, signed by the root it made.</summary>
    public NodeIdentity IssueFirst(DateTimeOffset now)
    {
        using var key = new NodeKey();
        string certificate = RootAuthority.Sign(
            Cluster.RootCa, new PeerIdentity(FirstManager.Id, NodeRole.Manager, Cluster.Id), key.PublicKey, Cluster.Spec.CertificateLifetime, now);
        return NodeIdentity.FromPem(certificate, key.PrivatePem, Cluster.RootCa.CertificatePem, Cluster.UnlockKey);
    }
}
