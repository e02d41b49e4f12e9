using System.Security.Cryptography.X509Certificates;
using Skep.Manager.Orchestration;
using Skep.Rpc.Security;

namespace Skep.Manager.Ca;

/// <summary>Ends a rotation of the root once every node shows a certificate of the next one. All there is to know is in the store, so any leader goes on with it.</summary>
/// <remarks>
/// From its beginning (<see cref="Begin"/>) certificates are signed by the next root, nodes are told to trust both and to ask for a new certificate, and each shows with its certificate
/// the next root as the old one vouches for it, for those that have not heard. A node that is down holds the rotation up, as in Swarm: bring it back or remove it.
/// Source: moby/swarmkit:ca/reconciler.go.
/// </remarks>
internal sealed class RootRotations : IReconciler<ClusterId>
{
    public IEnumerable<ClusterId> AllKeys(StoreView view) => view.Cluster is { } cluster ? [cluster.Id] : [];

    public IEnumerable<ClusterId> KeysTouchedBy(StoreEvent change, StoreView view)
        => view.Cluster is { RootCa.Rotation: not null } cluster && change.Kind is ObjectKind.Cluster or ObjectKind.Node ? [cluster.Id] : [];

    public Plan Reconcile(StoreView view, ClusterId key, Moment moment)
        => view.Cluster is { RootCa.Rotation: { } rotation } cluster && view.Nodes.All(ShowsCertificateOf(rotation))
            ? new Plan([new StoreChange.Update(Finish(cluster, rotation))], null)
            : Plan.Nothing;

    /// <summary>The cluster with a root of its own making, or <paramref name="brought"/>, about to take over.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: what is wrong with the root that was brought.</exception>
    public static Cluster Begin(Cluster cluster, ImportedRoot? brought, DateTimeOffset now)
    {
        RootRotation next = brought is null ? RootAuthority.CreateNext(cluster.RootCa, now) : RootAuthority.Import(cluster.RootCa, brought.CertificatePem, brought.KeyPem, now);
        return cluster with { RootCa = cluster.RootCa with { Rotation = next } };
    }

    private static Func<Node, bool> ShowsCertificateOf(RootRotation rotation)
    {
        using X509Certificate2 root = X509Certificate2.CreateFromPem(rotation.CertificatePem);
        ValueList<byte> key = root.PublicKey.ExportSubjectPublicKeyInfo().ToValueList();
        return node => node.Description?.Tls?.IssuerPublicKey == key;
    }

    private static Cluster Finish(Cluster cluster, RootRotation rotation) => cluster with
    {
        RootCa = new RootCa(rotation.CertificatePem, rotation.PrivateKeyPem, JoinToken.DigestOf(rotation.CertificatePem)),
        JoinTokens = new JoinTokens(JoinToken.Create(rotation.CertificatePem).ToString(), JoinToken.Create(rotation.CertificatePem).ToString()),
    };
}

/// <summary>A root certificate and its key that somebody made elsewhere, PEM.</summary>
public sealed record ImportedRoot(string CertificatePem, SensitiveBytes KeyPem);
