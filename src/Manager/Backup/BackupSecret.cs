using System.Security.Cryptography;

namespace Skep.Manager.Backup;

/// <summary>What a backup is sealed with: a passphrase, or the bytes of a key file.</summary>
public sealed class BackupSecret
{
    /// <summary>PBKDF2 with SHA-256. Source: OWASP Password Storage Cheat Sheet.</summary>
    private const int DefaultIterations = 600_000;

    private const int MinPassphrase = 8;
    private const int MinKeyBytes = 32;
    private const int MaxIterations = 10_000_000;

    private readonly SensitiveBytes _bytes;

    private BackupSecret(SensitiveBytes bytes, bool isKey) => (_bytes, IsKey) = (bytes, isKey);

    /// <summary>Whether it is random enough to be used as it is; a passphrase is stretched.</summary>
    public bool IsKey { get; }

    internal int Iterations => IsKey ? 0 : DefaultIterations;

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: too short to be worth anything.</exception>
    public static BackupSecret OfPassphrase(SensitiveBytes passphrase) => passphrase.Length >= MinPassphrase
        ? new BackupSecret(passphrase, isKey: false)
        : throw ClusterException.Invalid($"the passphrase has {passphrase.Length} bytes; at least {MinPassphrase} are needed, a sentence is better");

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: too short to be a key.</exception>
    public static BackupSecret OfKey(SensitiveBytes key) => key.Length >= MinKeyBytes
        ? new BackupSecret(key, isKey: true)
        : throw ClusterException.Invalid($"the key file has {key.Length} bytes; at least {MinKeyBytes} random ones are needed: head -c 32 /dev/urandom > FILE");

    /// <param name="iterations">As the file says; 0: made with a key.</param>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the file was made with the other kind of secret.</exception>
    internal byte[] Derive(ReadOnlySpan<byte> salt, int iterations)
    {
        if (iterations == 0 != IsKey)
        {
            throw ClusterException.Invalid(iterations == 0 ? "the backup was made with a key file: give it with --key-file" : "the backup was made with a passphrase, not with a key file");
        }

        if (iterations is < 0 or > MaxIterations)
        {
            throw ClusterException.Invalid("the backup is damaged in its header");
        }

        return IsKey
            ? HKDF.DeriveKey(HashAlgorithmName.SHA256, _bytes.Reveal().ToArray(), 32, salt.ToArray(), "skep backup"u8.ToArray())
            : Rfc2898DeriveBytes.Pbkdf2(_bytes.Reveal(), salt, iterations, HashAlgorithmName.SHA256, 32);
    }
}
