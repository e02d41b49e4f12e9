using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skep.Rpc.Security;

namespace Skep.Manager.Ca;

/// <summary>The cluster's root: makes roots, then signs node certificates with the one in force.</summary>
/// <remarks>Source: moby/swarmkit:ca/certificates.go (P-256, 20 years for the root, node certificates backdated by an hour).</remarks>
public static class RootAuthority
{
    private static readonly TimeSpan RootLifetime = TimeSpan.FromDays(20 * 365);
    private static readonly TimeSpan Backdate = TimeSpan.FromHours(1);

    public static RootCa Create(DateTimeOffset now)
    {
        (string pem, SensitiveBytes key) = MakeRoot("CN=swarm-ca", now);
        return new RootCa(pem, key, JoinToken.DigestOf(pem));
    }

    /// <summary>A root to take over from <paramref name="present"/>, which vouches for it.</summary>
    /// <remarks>Each has a name of its own: two roots of one name cannot be told apart by what looks for an issuer by name.</remarks>
    public static RootRotation CreateNext(RootCa present, DateTimeOffset now)
    {
        (string pem, SensitiveBytes key) = MakeRoot($"CN=swarm-ca, OU={Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}", now);
        return new RootRotation(pem, key, CrossSign(present, pem, now));
    }

    /// <summary>A root that somebody brings, to take over from <paramref name="present"/>.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: says what is wrong with certificate or key.</exception>
    public static RootRotation Import(RootCa present, string certificatePem, SensitiveBytes keyPem, DateTimeOffset now)
    {
        using X509Certificate2 certificate = ReadRoot(certificatePem, now);
        using X509Certificate2 old = X509Certificate2.CreateFromPem(present.CertificatePem);
        string pem = certificate.ExportCertificatePem() + "\n";
        if (certificate.SubjectName.RawData.AsSpan().SequenceEqual(old.SubjectName.RawData))
        {
            throw ClusterException.Invalid($"the CA certificate has the subject \"{certificate.Subject}\" of the root that it is to replace; give it another");
        }

        try
        {
            using AsymmetricAlgorithm key = ReadKey(keyPem);
            ReadOnlySpan<byte> mine = key.ExportSubjectPublicKeyInfo();
            if (!mine.SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo()))
            {
                throw ClusterException.Invalid("the CA key does not match the CA certificate");
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, "the CA key cannot be read: an unencrypted ECDSA or RSA private key in PEM form is needed", e);
        }

        return new RootRotation(pem, keyPem, CrossSign(present, pem, now));
    }

    /// <summary>A certificate for <paramref name="subject"/> over the public key of <paramref name="publicKey"/>; during a rotation by the next root, followed by what leads to the present one.</summary>
    public static string Sign(RootCa root, PeerIdentity subject, PublicKey publicKey, TimeSpan lifetime, DateTimeOffset now)
    {
        var request = new CertificateRequest(subject.ToSubject(), publicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(NodeIdentity.ServerUsage), new Oid(NodeIdentity.ClientUsage)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(subject.Role == NodeRole.Manager ? PeerIdentity.ManagerUnit : PeerIdentity.WorkerUnit);
        names.AddDnsName(subject.Node.Value);
        request.CertificateExtensions.Add(names.Build());
        return Sign(request, root.SigningPem, root.Rotation?.PrivateKeyPem ?? root.PrivateKeyPem, now + lifetime, now) + root.Rotation?.CrossSignedPem;
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

    private static (string Pem, SensitiveBytes Key) MakeRoot(string subject, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        MakeAuthority(request, pathLength: 1);
        using X509Certificate2 certificate = request.CreateSelfSigned(now - Backdate, now + RootLifetime);
        return (certificate.ExportCertificatePem() + "\n", SensitiveBytes.From(Encoding.UTF8.GetBytes(key.ExportPkcs8PrivateKeyPem())));
    }

    private static string CrossSign(RootCa present, string nextPem, DateTimeOffset now)
    {
        using X509Certificate2 next = X509Certificate2.CreateFromPem(nextPem);
        var request = new CertificateRequest(next.SubjectName, next.PublicKey, HashAlgorithmName.SHA256);
        MakeAuthority(request, pathLength: 0);
        return Sign(request, present.CertificatePem, present.PrivateKeyPem, new DateTimeOffset(next.NotAfter.ToUniversalTime()), now);
    }

    private static void MakeAuthority(CertificateRequest request, int pathLength)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLength, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
    }

    /// <summary>Valid from an hour ago, within the issuer's own time.</summary>
    private static string Sign(CertificateRequest request, string issuerPem, SensitiveBytes issuerKey, DateTimeOffset until, DateTimeOffset now)
    {
        using X509Certificate2 issuer = X509Certificate2.CreateFromPem(issuerPem);
        using AsymmetricAlgorithm key = ReadKey(issuerKey);
        if (issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
        {
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        }

        DateTimeOffset from = now - Backdate, issuerFrom = new(issuer.NotBefore.ToUniversalTime()), issuerUntil = new(issuer.NotAfter.ToUniversalTime());
        X509SignatureGenerator generator = key is RSA rsa ? X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1) : X509SignatureGenerator.CreateForECDsa((ECDsa)key);
        using X509Certificate2 signed = request.Create(issuer.SubjectName, generator, from > issuerFrom ? from : issuerFrom, until < issuerUntil ? until : issuerUntil, RandomNumberGenerator.GetBytes(16));
        return signed.ExportCertificatePem() + "\n";
    }

    private static AsymmetricAlgorithm ReadKey(SensitiveBytes pem)
    {
        string text = Encoding.UTF8.GetString(pem.Reveal());
        var curve = ECDsa.Create();
        try
        {
            curve.ImportFromPem(text);
            return curve;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            curve.Dispose();
        }

        var rsa = RSA.Create();
        rsa.ImportFromPem(text);
        return rsa;
    }

    private static X509Certificate2 ReadRoot(string pem, DateTimeOffset now)
    {
        X509Certificate2Collection found;
        try
        {
            found = NodeIdentity.ParseRoots(pem);
        }
        catch (CryptographicException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"the CA certificate cannot be read: {e.Message}", e);
        }

        if (found is not [X509Certificate2 certificate])
        {
            throw ClusterException.Invalid($"the CA certificate file holds {found.Count} certificates in PEM form; exactly one root is needed");
        }

        if (certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
        {
            throw ClusterException.Invalid("the CA certificate is not one of a certificate authority (basic constraints CA:TRUE)");
        }

        return NodeIdentity.IsTrusted(certificate, found, now)
            ? certificate
            : throw ClusterException.Invalid("the CA certificate must be signed by itself and be valid now");
    }
}
