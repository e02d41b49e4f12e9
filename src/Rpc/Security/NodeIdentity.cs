using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>A node's certificate with its key, and the root it trusts.</summary>
public sealed class NodeIdentity
{
    private NodeIdentity(PeerIdentity self, X509Certificate2 certificate, X509Certificate2Collection roots, string certificatePem, SensitiveBytes privateKeyPem, string rootPem)
    {
        Self = self;
        Certificate = certificate;
        Roots = roots;
        CertificatePem = certificatePem;
        PrivateKeyPem = privateKeyPem;
        RootPem = rootPem;
    }

    public PeerIdentity Self { get; }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    public X509Certificate2Collection Roots { get; }

    public string CertificatePem { get; }

    public SensitiveBytes PrivateKeyPem { get; }

    public string RootPem { get; }

    public NodeId Node => Self.Node;

    public NodeRole Role => Self.Role;

    public ClusterId Cluster => Self.Cluster;

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the texts are not a certificate of a cluster, its key and its root.</exception>
    public static NodeIdentity FromPem(string certificatePem, SensitiveBytes privateKeyPem, string rootPem)
    {
        try
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPem(certificatePem, System.Text.Encoding.UTF8.GetString(privateKeyPem.Reveal()));
            PeerIdentity self = PeerIdentity.Read(certificate)
                ?? throw new ClusterException(ErrorKind.FailedPrecondition, $"certificate subject \"{certificate.Subject}\" names no node, role and cluster");
            return new NodeIdentity(self, certificate, ParseRoots(rootPem), certificatePem, privateKeyPem, rootPem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"the node's certificate cannot be read: {e.Message}", e);
        }
    }

    public static X509Certificate2Collection ParseRoots(string rootPem)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(rootPem);
        return roots;
    }

    /// <summary>True when <paramref name="certificate"/> was signed by one of <paramref name="roots"/> and is in force at <paramref name="now"/>.</summary>
    public static bool IsTrusted(X509Certificate2 certificate, X509Certificate2Collection roots, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        return chain.Build(certificate);
    }

    /// <summary>When to ask for the next certificate: somewhere between half and four fifths of this one's life.</summary>
    /// <remarks>Source: moby/swarmkit:ca/renewer.go. Spread, so that a cluster made in one minute does not renew in one minute.</remarks>
    public DateTimeOffset RenewAt(Random random)
    {
        var from = new DateTimeOffset(Certificate.NotBefore.ToUniversalTime());
        TimeSpan life = Certificate.NotAfter.ToUniversalTime() - from.UtcDateTime;
        return from + (life * (0.5 + (0.3 * random.NextDouble())));
    }
}
