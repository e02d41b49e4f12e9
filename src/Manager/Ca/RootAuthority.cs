using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skep.Rpc.Security;

namespace Skep.Manager.Ca;

/// <summary>The cluster's root: makes itself once, then signs node certificates.</summary>
/// <remarks>Source: moby/swarmkit:ca/certificates.go (P-256, 20 years for the root, node certificates backdated by an hour).</remarks>
public static class RootAuthority
{
    private static readonly TimeSpan RootLifetime = TimeSpan.FromDays(20 * 365);
    private static readonly TimeSpan Backdate = TimeSpan.FromHours(1);

    public static RootCa Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=swarm-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 1, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Backdate, now + RootLifetime);
        string pem = certificate.ExportCertificatePem() + "\n";
        return new RootCa(pem, SensitiveBytes.From(Encoding.UTF8.GetBytes(key.ExportPkcs8PrivateKeyPem())), JoinToken.DigestOf(pem));
    }

    /// <summary>A certificate for <paramref name="subject"/> over the public key of <paramref name="publicKey"/>.</summary>
    public static string Sign(RootCa root, PeerIdentity subject, PublicKey publicKey, TimeSpan lifetime, DateTimeOffset now)
    {
        using var rootKey = ECDsa.Create();
        rootKey.ImportFromPem(Encoding.UTF8.GetString(root.PrivateKeyPem.Reveal()));
        using X509Certificate2 issuer = X509Certificate2.CreateFromPem(root.CertificatePem).CopyWithPrivateKey(rootKey);

        var request = new CertificateRequest(subject.ToSubject(), publicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(subject.Role == NodeRole.Manager ? PeerIdentity.ManagerUnit : PeerIdentity.WorkerUnit);
        names.AddDnsName(subject.Node.Value);
        request.CertificateExtensions.Add(names.Build());

        using X509Certificate2 signed = request.Create(issuer, now - Backdate, now + lifetime, RandomNumberGenerator.GetBytes(16));
        return signed.ExportCertificatePem() + "\n";
    }

    /// <summary>The public key of a PKCS #10 request whose own signature holds.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not a request, or not of a P-256 key.</exception>
    public static PublicKey ReadRequest(byte[] signingRequest)
    {
        try
        {
            var request = CertificateRequest.LoadSigningRequest(signingRequest, HashAlgorithmName.SHA256);
            using ECDsa? key = request.PublicKey.GetECDsaPublicKey();
            if (key is not { KeySize: 256 })
            {
                throw ClusterException.Invalid("the certificate request must be of an ECDSA P-256 key");
            }

            return request.PublicKey;
        }
        catch (CryptographicException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"the certificate request cannot be read: {e.Message}", e);
        }
    }
}
