using System.Security.Cryptography;
using System.Text;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>What lets a machine into the cluster: the digest of the root certificate to trust, and a secret that names the role.</summary>
/// <remarks>Form: <c>SWMTKN-1-&lt;SHA-256 of the root's PEM, base 36, 50&gt;-&lt;16 random bytes, base 36, 25&gt;</c>. Source: moby/swarmkit:ca/config.go.</remarks>
public sealed record JoinToken(string Digest, string Secret)
{
    private const string Prefix = "SWMTKN";
    private const int DigestWidth = 50;
    private const int SecretWidth = 25;

    /// <summary>A fresh token for the cluster whose root certificate is given.</summary>
    public static JoinToken Create(string rootCertificatePem)
        => new(DigestOf(rootCertificatePem), Base36.Encode(RandomNumberGenerator.GetBytes(16), SecretWidth));

    public static string DigestOf(string rootCertificatePem)
        => Base36.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(rootCertificatePem)), DigestWidth);

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not of a token's form.</exception>
    public static JoinToken Parse(string text)
    {
        string[] parts = text.Trim().Split('-');
        if (parts is not [Prefix, "1", var digest, var secret] || !Base36.IsWellFormed(digest, DigestWidth) || !Base36.IsWellFormed(secret, SecretWidth))
        {
            throw ClusterException.Invalid("invalid join token: it should read SWMTKN-1-<digest>-<secret>; get the full line with \"swarm join-token worker\" (or manager) on a manager");
        }

        return new JoinToken(digest, secret);
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string storedToken)
        => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(ToString()), Encoding.UTF8.GetBytes(storedToken));

    public override string ToString() => $"{Prefix}-1-{Digest}-{Secret}";
}
