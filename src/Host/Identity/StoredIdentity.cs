using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Skep.Rpc.Security;

namespace Skep.Host.Identity;

/// <summary>A node's identity as it lies on disk: with autolock its key is sealed, and only who has the unlock key makes an identity of it.</summary>
internal sealed class StoredIdentity(string key, string certificatePem, string rootPem)
{
    private const string SealedLabel = "SKEP SEALED PRIVATE KEY";

    public bool IsSealed { get; } = key.AsSpan()[PemEncoding.Find(key).Label].SequenceEqual(SealedLabel);

    /// <summary>Whose it is; the certificate is never sealed.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the certificate names nobody.</exception>
    public PeerIdentity Self
    {
        get
        {
            using X509Certificate2 certificate = X509Certificate2.CreateFromPem(certificatePem);
            return PeerIdentity.Read(certificate) ?? throw new ClusterException(ErrorKind.FailedPrecondition, $"certificate subject \"{certificate.Subject}\" names no node, role and cluster");
        }
    }

    /// <summary>The identity of a key that is not sealed.</summary>
    public NodeIdentity Open() => NodeIdentity.FromPem(certificatePem, SensitiveBytes.From(Encoding.UTF8.GetBytes(key)), rootPem);

    /// <summary>The identity of a sealed key; null when this is not what it was sealed with.</summary>
    public NodeIdentity? Open(SensitiveBytes unlockKey)
        => UnlockKey.TryOpen(unlockKey, Convert.FromBase64String(key[PemEncoding.Find(key).Base64Data]), out SensitiveBytes pem)
            ? NodeIdentity.FromPem(certificatePem, pem, rootPem, unlockKey)
            : null;

    /// <summary>The private key as it is to be written.</summary>
    public static string KeyOf(NodeIdentity identity) => identity.UnlockKey.Length == 0
        ? Encoding.UTF8.GetString(identity.PrivateKeyPem.Reveal()).Trim()
        : PemEncoding.WriteString(SealedLabel, UnlockKey.Seal(identity.UnlockKey, identity.PrivateKeyPem.Reveal()));
}
