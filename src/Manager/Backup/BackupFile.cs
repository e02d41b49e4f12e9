using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skep.Manager.Backup;

/// <summary>A backup as a stream: everything the store holds, sealed.</summary>
/// <remarks>
/// Header (28 bytes): magic, rounds of the passphrase's stretching (0: a key file), salt. Then chunks: length and a last-chunk mark (4 bytes), content, tag.
/// AES-256-GCM with a key of this file's own; the nonce counts chunks, header and mark are authenticated with each. So nothing can be changed, left out or cut off unseen.
/// </remarks>
public static class BackupFile
{
    private const int HeaderBytes = 28;
    private const int ChunkBytes = 64 << 10;
    private const int TagBytes = 16;
    private const uint LastMark = 1u << 31;

    /// <summary>No cluster is larger; a header that says so is damaged.</summary>
    private const long MostBytes = 4L << 30;

    private static ReadOnlySpan<byte> Magic => "SKEPBAK1"u8;

    public static async Task WriteAsync(ReadOnlyMemory<byte> content, BackupSecret secret, Stream output, CancellationToken ct)
    {
        byte[] header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), secret.Iterations);
        RandomNumberGenerator.Fill(header.AsSpan(12));
        using var cipher = new AesGcm(secret.Derive(header.AsSpan(12), secret.Iterations), TagBytes);
        await output.WriteAsync(header, ct).ConfigureAwait(false);
        ulong ordinal = 0;
        do
        {
            ReadOnlyMemory<byte> part = content[..Math.Min(content.Length, ChunkBytes)];
            content = content[part.Length..];
            byte[] chunk = new byte[4 + part.Length + TagBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(chunk, (uint)part.Length | (content.IsEmpty ? LastMark : 0));
            cipher.Encrypt(Nonce(ordinal++), part.Span, chunk.AsSpan(4, part.Length), chunk.AsSpan(4 + part.Length), Associated(header, chunk));
            await output.WriteAsync(chunk, ct).ConfigureAwait(false);
        }
        while (!content.IsEmpty);
    }

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: not a backup, damaged or cut off, or another secret; says which as far as that can be told.</exception>
    public static async Task<byte[]> ReadAsync(Stream input, BackupSecret secret, CancellationToken ct)
    {
        byte[] header = new byte[HeaderBytes];
        if (await input.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false) < header.Length || !header.AsSpan(0, 8).SequenceEqual(Magic))
        {
            throw ClusterException.Invalid("the file is not a backup made by \"skep swarm backup\"");
        }

        using var cipher = new AesGcm(secret.Derive(header.AsSpan(12), BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8))), TagBytes);
        using var content = new MemoryStream();
        byte[] head = new byte[4], sealedPart = new byte[ChunkBytes + TagBytes], part = new byte[ChunkBytes];
        for (ulong ordinal = 0; ; ordinal++)
        {
            await FillAsync(input, head, content.Length, ct).ConfigureAwait(false);
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(head);
            int length = (int)(word & ~LastMark);
            if (length > ChunkBytes || content.Length + length > MostBytes)
            {
                throw Damaged(ordinal, content.Length);
            }

            await FillAsync(input, sealedPart.AsMemory(0, length + TagBytes), content.Length, ct).ConfigureAwait(false);
            try
            {
                cipher.Decrypt(Nonce(ordinal), sealedPart.AsSpan(0, length), sealedPart.AsSpan(length, TagBytes), part.AsSpan(0, length), Associated(header, head));
            }
            catch (AuthenticationTagMismatchException)
            {
                throw Damaged(ordinal, content.Length);
            }

            content.Write(part, 0, length);
            if ((word & LastMark) != 0)
            {
                return content.ToArray();
            }
        }
    }

    private static byte[] Nonce(ulong ordinal)
    {
        byte[] nonce = new byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(nonce, ordinal);
        return nonce;
    }

    private static byte[] Associated(byte[] header, ReadOnlySpan<byte> chunk) => [.. header, .. chunk[..4]];

    private static ClusterException Damaged(ulong ordinal, long at) => ClusterException.Invalid(
        ordinal == 0 ? "the passphrase or key is not the one the backup was made with, or the file is damaged" : $"the backup is damaged after {at} bytes of its content");

    private static async Task FillAsync(Stream input, Memory<byte> buffer, long at, CancellationToken ct)
    {
        if (await input.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false) < buffer.Length)
        {
            throw ClusterException.Invalid($"the backup is cut off after {at} bytes of its content");
        }
    }
}
