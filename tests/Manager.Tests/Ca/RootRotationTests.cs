using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skep.Manager.Ca;
using Skep.Manager.Control;
using Skep.Manager.Orchestration;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Rpc.Security;
using Skep.Store;

namespace Skep.Manager.Tests.Ca;

public sealed class RootRotationTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Cluster Fresh = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, MomentAt(Now)).Cluster;

    [Fact]
    public void While_the_root_rotates_each_certificate_is_trusted_by_who_knows_either_root()
    {
        Cluster rotating = RootRotations.Begin(Fresh, brought: null, Now);
        RootRotation rotation = rotating.RootCa.Rotation!;
        NodeIdentity old = Issue(Fresh), next = Issue(rotating);

        X509Certificate2Collection oldRoot = NodeIdentity.ParseRoots(Fresh.RootCa.CertificatePem), newRoot = NodeIdentity.ParseRoots(rotation.CertificatePem);
        Assert.True(NodeIdentity.IsTrusted(next.Certificate, oldRoot, Now, next.Intermediates));
        Assert.True(NodeIdentity.IsTrusted(next.Certificate, newRoot, Now, next.Intermediates));
        Assert.False(NodeIdentity.IsTrusted(next.Certificate, oldRoot, Now));
        Assert.True(NodeIdentity.IsTrusted(old.Certificate, next.Roots, Now));
        Assert.False(NodeIdentity.IsTrusted(old.Certificate, newRoot, Now));
        Assert.Equal(2, next.Roots.Count);
        Assert.Equal(newRoot[0].PublicKey.ExportSubjectPublicKeyInfo(), next.Issuer!.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Single(next.Chain.IntermediateCertificates);
    }

    [Fact]
    public async Task The_old_root_goes_when_the_last_node_shows_a_certificate_of_the_new_one()
    {
        OneManager manager = await OneManager.StartAsync();
        Cluster before = manager.Store.View().Cluster!;
        await manager.Control.Swarm.UpdateAsync(before.Version.Index, spec => spec with { CaForceRotate = spec.CaForceRotate + 1 }, new SecretRotation(false, false, false), brought: null, default);
        Cluster rotating = manager.Store.View().Cluster!;
        Assert.Equal((before.RootCa.CertificatePem, before.JoinTokens), (rotating.RootCa.CertificatePem, rotating.JoinTokens));
        NodeTls tls = TlsOf(Issue(rotating));
        var rotations = new RootRotations();
        await DescribeAsync(manager, manager.Self, tls);
        await manager.Store.CommitAsync([new StoreChange.Create(new Node(new NodeId("down")) { Spec = new NodeSpec(Annotations.Unnamed), Status = new NodeStatus(NodeState.Down, "", ""), Description = Machine(TlsOf(Issue(before))) })], default);

        StoreView view = manager.Store.View();
        Assert.Equal([rotating.Id], rotations.AllKeys(view));
        Assert.True(rotations.Reconcile(view, rotating.Id, MomentAt(Now)).Changes.IsEmpty);

        await DescribeAsync(manager, new NodeId("down"), tls);
        Plan plan = rotations.Reconcile(manager.Store.View(), rotating.Id, MomentAt(Now));
        await manager.Store.CommitAsync(plan.Changes, default);
        Cluster after = manager.Store.View().Cluster!;
        Assert.Null(after.RootCa.Rotation);
        Assert.Equal(rotating.RootCa.Rotation!.CertificatePem, after.RootCa.CertificatePem);
        Assert.Equal(JoinToken.DigestOf(after.RootCa.CertificatePem), JoinToken.Parse(after.JoinTokens.Worker).Digest);
        Assert.NotEqual(before.JoinTokens.Manager, after.JoinTokens.Manager);
        Assert.True(rotations.Reconcile(manager.Store.View(), rotating.Id, MomentAt(Now)).Changes.IsEmpty);
    }

    [Fact]
    public void A_rotation_that_begins_again_starts_from_the_root_that_nodes_trust()
    {
        Cluster first = RootRotations.Begin(Fresh, brought: null, Now), second = RootRotations.Begin(first, brought: null, Now);

        NodeIdentity abandoned = Issue(first), wanted = Issue(second);
        Assert.NotEqual(first.RootCa.Rotation, second.RootCa.Rotation);
        Assert.True(NodeIdentity.IsTrusted(abandoned.Certificate, wanted.Roots, Now, abandoned.Intermediates));
        Assert.True(NodeIdentity.IsTrusted(wanted.Certificate, abandoned.Roots, Now, wanted.Intermediates));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_root_that_is_brought_takes_over_whether_of_an_elliptic_curve_or_RSA(bool rsa)
    {
        using AsymmetricAlgorithm key = rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string pem = SelfSigned(key, "CN=ours", isAuthority: true);
        Cluster rotating = RootRotations.Begin(Fresh, new ImportedRoot(pem, KeyOf(key)), Now);

        NodeIdentity next = Issue(rotating);
        Assert.True(NodeIdentity.IsTrusted(next.Certificate, NodeIdentity.ParseRoots(pem), Now));
        Assert.True(NodeIdentity.IsTrusted(next.Certificate, NodeIdentity.ParseRoots(Fresh.RootCa.CertificatePem), Now, next.Intermediates));
    }

    [Fact]
    public void A_root_that_cannot_serve_is_refused_with_the_reason()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string root = SelfSigned(key, "CN=ours", isAuthority: true);

        Assert.Equal("the CA key does not match the CA certificate", Refusal(root, KeyOf(other)));
        Assert.Contains("cannot be read", Refusal(root, SensitiveBytes.From("no key"u8)), StringComparison.Ordinal);
        Assert.Contains("holds 2 certificates", Refusal(root + root, KeyOf(key)), StringComparison.Ordinal);
        Assert.Contains("CA:TRUE", Refusal(SelfSigned(key, "CN=ours", isAuthority: false), KeyOf(key)), StringComparison.Ordinal);
        Assert.Contains("give it another", Refusal(SelfSigned(key, "CN=swarm-ca", isAuthority: true), KeyOf(key)), StringComparison.Ordinal);
        Assert.Contains("signed by itself", Refusal(RootRotations.Begin(Fresh, null, Now).RootCa.Rotation!.CrossSignedPem, KeyOf(key)), StringComparison.Ordinal);

        static string Refusal(string pem, SensitiveBytes key)
            => Assert.Throws<ClusterException>(() => RootRotations.Begin(Fresh, new ImportedRoot(pem, key), Now)).Message;
    }

    private static Moment MomentAt(DateTimeOffset now) => new(now, IdSource.From(new Random(1)), new Random(1));

    private static NodeIdentity Issue(Cluster cluster)
    {
        using var key = new NodeKey();
        string pem = RootAuthority.Sign(cluster.RootCa, new PeerIdentity(new NodeId("n"), NodeRole.Worker, cluster.Id), key.PublicKey, TimeSpan.FromDays(90), Now);
        return NodeIdentity.FromPem(pem, key.PrivatePem, cluster.RootCa.TrustedPem);
    }

    private static NodeTls TlsOf(NodeIdentity identity) => new(
        identity.RootPem, identity.Issuer!.SubjectName.RawData.ToValueList(), identity.Issuer.PublicKey.ExportSubjectPublicKeyInfo().ToValueList());

    private static NodeDescription Machine(NodeTls tls) => new("m", new Platform("x86_64", "linux"), new Resources(1, 1)) { Tls = tls };

    private static Task DescribeAsync(OneManager manager, NodeId node, NodeTls tls)
        => manager.Store.CommitAsync([new StoreChange.Update(manager.Store.View().Nodes.Find(node)! with { Description = Machine(tls) })], default).AsTask();

    private static SensitiveBytes KeyOf(AsymmetricAlgorithm key) => SensitiveBytes.From(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()));

    private static string SelfSigned(AsymmetricAlgorithm key, string subject, bool isAuthority)
    {
        CertificateRequest request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, critical: true));
        using X509Certificate2 certificate = request.CreateSelfSigned(Now.AddMinutes(-1), Now.AddYears(1));
        return certificate.ExportCertificatePem() + "\n";
    }
}
