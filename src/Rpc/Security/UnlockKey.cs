using System.Security.Cryptography;
using System.Text;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>What the private keys of managers are sealed with on disk while autolock is on; known to the managers and to whoever wrote it down.</summary>
/// <remarks>Form: <c>SWMKEY-1-</c> and 32 random bytes in base 64 without padding. Source: moby/swarmkit:manager/encryption/encryption.go, HumanReadableKey.</remarks>
public static class UnlockKey
{
    private const string Prefix = "SWMKEY-1-";
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public static SensitiveBytes Create() => Format(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>The key in the form it is kept in.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not of a key's form.</exception>
    public static SensitiveBytes Parse(string text)
    {
        text = text.Trim();
        byte[] bytes = new byte[KeyBytes + 1];
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Convert.TryFromBase64String(text[Prefix.Length..].PadRight((text.Length - Prefix.Length + 3) / 4 * 4, '='), bytes, out int length)
            || length != KeyBytes)
        {
            throw ClusterException.Invalid("invalid string key: an unlock key reads SWMKEY-1-<43 characters>; \"swarm unlock-key\" on a manager that is not locked shows it");
        }

        return Format(bytes.AsSpan(0, KeyBytes));
    }

    /// <summary>Nonce, ciphertext and tag.</summary>
    public static byte[] Seal(SensitiveBytes unlockKey, ReadOnlySpan<byte> content)
    {
        byte[] box = new byte[NonceBytes + content.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(SealingKey(unlockKey), TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), content, box.AsSpan(NonceBytes, content.Length), box.AsSpan(NonceBytes + content.Length));
        return box;
    }

    /// <summary>False when it was sealed with another key, or is damaged.</summary>
    public static bool TryOpen(SensitiveBytes unlockKey, ReadOnlySpan<byte> box, out SensitiveBytes content)
    {
        content = SensitiveBytes.Empty;
        if (box.Length < NonceBytes + TagBytes)
        {
            return false;
        }

        byte[] clear = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(SealingKey(unlockKey), TagBytes);
        try
        {
            aes.Decrypt(box[..NonceBytes], box.Slice(NonceBytes, clear.Length), box[^TagBytes..], clear);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        content = SensitiveBytes.From(clear);
        CryptographicOperations.ZeroMemory(clear);
        return true;
    }

    private static SensitiveBytes Format(ReadOnlySpan<byte> key) => SensitiveBytes.From(Encoding.ASCII.GetBytes(Prefix + Convert.ToBase64String(key).TrimEnd('=')));

    private static byte[] SealingKey(SensitiveBytes unlockKey) => HKDF.DeriveKey(HashAlgorithmName.SHA256, unlockKey.Reveal().ToArray(), KeyBytes, info: "skep manager unlock"u8.ToArray());
}
