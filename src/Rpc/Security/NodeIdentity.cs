using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>A node's certificate with its key, and the roots it trusts: one, and two while the root is being rotated.</summary>
public sealed class NodeIdentity
{
    /// <summary>Extended key usages of node certificates (RFC 5280, 4.2.1.12): TLS server and TLS client.</summary>
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private NodeIdentity(
        PeerIdentity self, X509Certificate2 certificate, X509Certificate2Collection intermediates, X509Certificate2Collection roots, string certificatePem, SensitiveBytes privateKeyPem, string rootPem, SensitiveBytes unlockKey)
    {
        Self = self;
        Certificate = certificate;
        Intermediates = intermediates;
        Roots = roots;
        CertificatePem = certificatePem;
        PrivateKeyPem = privateKeyPem;
        RootPem = rootPem;
        UnlockKey = unlockKey;
        Chain = SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
    }

    public PeerIdentity Self { get; }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What leads from the certificate to an older root: the new root, signed by the old one. Empty save after a rotation.</summary>
    public X509Certificate2Collection Intermediates { get; }

    public X509Certificate2Collection Roots { get; }

    /// <summary>What the node shows to others: its certificate and the intermediates.</summary>
    public SslStreamCertificateContext Chain { get; }

    /// <summary>The certificate, then the intermediates.</summary>
    public string CertificatePem { get; }

    public SensitiveBytes PrivateKeyPem { get; }

    public string RootPem { get; }

    /// <summary>What the private key is sealed with on disk; empty: it is not.</summary>
    public SensitiveBytes UnlockKey { get; }

    public NodeId Node => Self.Node;

    public NodeRole Role => Self.Role;

    public ClusterId Cluster => Self.Cluster;

    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the texts are not a certificate of a cluster, its key and its root.</exception>
    public static NodeIdentity FromPem(string certificatePem, SensitiveBytes privateKeyPem, string rootPem, SensitiveBytes unlockKey = default)
    {
        try
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPem(certificatePem, System.Text.Encoding.UTF8.GetString(privateKeyPem.Reveal()));
            X509Certificate2Collection intermediates = ParseRoots(certificatePem);
            intermediates.RemoveAt(0);
            PeerIdentity self = PeerIdentity.Read(certificate)
                ?? throw new ClusterException(ErrorKind.FailedPrecondition, $"certificate subject \"{certificate.Subject}\" names no node, role and cluster");
            return new NodeIdentity(self, certificate, intermediates, ParseRoots(rootPem), certificatePem, privateKeyPem, rootPem, unlockKey);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"the node's certificate cannot be read: {e.Message}", e);
        }
    }

    public NodeIdentity WithRoots(string rootPem) => new(Self, Certificate, Intermediates, ParseRoots(rootPem), CertificatePem, PrivateKeyPem, rootPem, UnlockKey);

    public NodeIdentity WithUnlockKey(SensitiveBytes unlockKey) => new(Self, Certificate, Intermediates, Roots, CertificatePem, PrivateKeyPem, RootPem, unlockKey);

    /// <summary>Who signed the certificate; null when none of the certificates at hand did.</summary>
    public X509Certificate2? Issuer => Intermediates.Concat(Roots).FirstOrDefault(c => c.SubjectName.RawData.AsSpan().SequenceEqual(Certificate.IssuerName.RawData));

    public static X509Certificate2Collection ParseRoots(string rootPem)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(rootPem);
        return roots;
    }

    /// <summary>True when <paramref name="certificate"/> was signed by one of <paramref name="roots"/> and is in force at <paramref name="now"/>.</summary>
    /// <param name="shown">Intermediates that its holder showed; null: none.</param>
    public static bool IsTrusted(X509Certificate2 certificate, X509Certificate2Collection roots, DateTimeOffset now, X509Certificate2Collection? shown = null)
        => roots.Any(root => IsTrusted(certificate, root, now, shown));

    /// <summary>As <see cref="IsTrusted(X509Certificate2, X509Certificate2Collection, DateTimeOffset, X509Certificate2Collection?)"/>, and issued for what nodes do: serve other nodes and call them.</summary>
    public static bool IsTrustedNode(X509Certificate2 certificate, X509Certificate2Collection roots, DateTimeOffset now, X509Certificate2Collection? shown = null)
        => certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usages
            && usages.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == ServerUsage)
            && usages.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == ClientUsage)
            && IsTrusted(certificate, roots, now, shown);

    /// <summary>One root at a time: two roots of one name must not be mistaken for each other.</summary>
    private static bool IsTrusted(X509Certificate2 certificate, X509Certificate2 root, DateTimeOffset now, X509Certificate2Collection? shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        if (shown is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(shown);
        }

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
