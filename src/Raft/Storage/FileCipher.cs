using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skep.Raft;

/// <summary>AES-256-GCM for one file: a key of its own, derived from the data key and the file's random salt, and a counter as nonce.</summary>
/// <remarks>
/// Every file is written once, front to back, by one process; so (key, nonce) never repeats even though positions do:
/// a log cut off after a crash continues in a new file with a new salt. Source: NIST SP 800-38D §8.2.1, RFC 5869.
/// </remarks>
internal sealed class FileCipher : IDisposable
{
    public const int TagBytes = 16;
    public const int SaltBytes = 32;
    public const int CheckBytes = 16;
    public const int DataKeyBytes = 32;
    private const int NonceBytes = 12;
    private readonly AesGcm _aes;

    /// <param name="purpose">Separates the keys of different kinds of files.</param>
    public FileCipher(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> purpose)
    {
        if (dataKey.Length != DataKeyBytes)
        {
            throw new ArgumentException($"the data key must have {DataKeyBytes} bytes, not {dataKey.Length}", nameof(dataKey));
        }

        Span<byte> derived = stackalloc byte[DataKeyBytes + CheckBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, derived, salt, purpose);
        _aes = new AesGcm(derived[..DataKeyBytes], TagBytes);
        Check = derived[DataKeyBytes..].ToArray();
        CryptographicOperations.ZeroMemory(derived);
    }

    /// <summary>Goes into the file's header: tells a wrong key from a damaged file, and reveals nothing of the key.</summary>
    public ReadOnlyMemory<byte> Check { get; }

    /// <summary>Salts need no seed of a simulation: no decision depends on them.</summary>
    public static void NewSalt(Span<byte> salt) => RandomNumberGenerator.Fill(salt);

    /// <summary>Encrypts in place; the tag is put behind.</summary>
    /// <param name="buffer">Plaintext and, at its end, <see cref="TagBytes"/> of room.</param>
    public void Encrypt(ulong counter, Span<byte> buffer, ReadOnlySpan<byte> associated)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, counter);
        Span<byte> text = buffer[..^TagBytes];
        _aes.Encrypt(nonce, text, text, buffer[^TagBytes..], associated);
    }

    /// <summary>Decrypts in place and returns the plaintext's part of the buffer; false if anything was altered.</summary>
    public bool TryDecrypt(ulong counter, Span<byte> buffer, ReadOnlySpan<byte> associated)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, counter);
        Span<byte> text = buffer[..^TagBytes];
        try
        {
            _aes.Decrypt(nonce, text, buffer[^TagBytes..], text, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();
}
