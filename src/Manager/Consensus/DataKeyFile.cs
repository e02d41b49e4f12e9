using System.Security.Cryptography;
using System.Text;
using Skep.Rpc.Security;

namespace Skep.Manager.Consensus;

/// <summary>The key that log and snapshots are encrypted with, kept on disk sealed by the node's TLS key.</summary>
/// <remarks>
/// The file holds one or two sealed copies of 60 bytes (nonce, key, tag). Two while a certificate is being renewed: the one sealed by the next
/// TLS key is added before that key is put in force, so that a crash between the two leaves a copy that opens.
/// </remarks>
public sealed class DataKeyFile(string path)
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int CopyBytes = NonceBytes + KeyBytes + TagBytes;
    private static readonly byte[] Purpose = "skep raft data key"u8.ToArray();

    /// <summary>The key on disk, or a new one when there is no file yet.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: the file was sealed by another TLS key, or is damaged.</exception>
    public byte[] OpenOrCreate(NodeIdentity identity)
    {
        if (!File.Exists(path))
        {
            byte[] fresh = RandomNumberGenerator.GetBytes(KeyBytes);
            PrivateFile.Replace(path, Seal(fresh, identity));
            return fresh;
        }

        byte[] file = File.ReadAllBytes(path);
        for (int offset = 0; offset + CopyBytes <= file.Length; offset += CopyBytes)
        {
            if (TryUnseal(file.AsSpan(offset, CopyBytes), identity) is { } key)
            {
                return key;
            }
        }

        throw new ClusterException(ErrorKind.FailedPrecondition, $"{path}: no copy of the Raft data key opens with this node's TLS key; restore the node's certificate directory, or let the node leave and join anew");
    }

    /// <summary>One copy for each of the identities: the one in force, and the one about to be.</summary>
    public void SealFor(byte[] key, params ReadOnlySpan<NodeIdentity> identities)
    {
        var copies = new List<byte>();
        foreach (NodeIdentity identity in identities)
        {
            copies.AddRange(Seal(key, identity));
        }

        PrivateFile.Replace(path, [.. copies]);
    }

    private static byte[] Seal(byte[] key, NodeIdentity identity)
    {
        byte[] copy = new byte[CopyBytes];
        Span<byte> nonce = copy.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(SealingKey(identity), TagBytes);
        aes.Encrypt(nonce, key, copy.AsSpan(NonceBytes, KeyBytes), copy.AsSpan(NonceBytes + KeyBytes), Purpose);
        return copy;
    }

    private static byte[]? TryUnseal(ReadOnlySpan<byte> copy, NodeIdentity identity)
    {
        byte[] key = new byte[KeyBytes];
        using var aes = new AesGcm(SealingKey(identity), TagBytes);
        try
        {
            aes.Decrypt(copy[..NonceBytes], copy.Slice(NonceBytes, KeyBytes), copy[(NonceBytes + KeyBytes)..], key, Purpose);
            return key;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>From the key itself, not from its text: line ends of a PEM file mean nothing.</summary>
    private static byte[] SealingKey(NodeIdentity identity)
    {
        string pem = Encoding.ASCII.GetString(identity.PrivateKeyPem.Reveal());
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]), KeyBytes, info: Purpose);
    }
}
