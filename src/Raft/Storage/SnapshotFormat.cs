using System.Buffers.Binary;
using System.Globalization;

namespace Skep.Raft;

internal enum SnapshotChunkKind : uint
{
    Meta = 1,
    Data = 2,

    /// <summary>Says how many bytes came before; a file without it is incomplete.</summary>
    Trailer = 3,
}

/// <summary>Names and fixed parts of snapshot files: a 64-byte header, then chunks. See docs/adr/0003.</summary>
internal static class SnapshotFormat
{
    public const int HeaderSize = 64;
    public const int ChunkHeaderSize = 12;
    public const int ChunkBytes = 256 << 10;
    public const int AssociatedBytes = 8;
    private const uint Version = 1;
    private const string Prefix = "snapshot-";
    private const string Suffix = ".snap";

    private static ReadOnlySpan<byte> Magic => "SKEPSNP\n"u8;

    public static ReadOnlySpan<byte> KeyPurpose => "skep raft snapshot"u8;

    public static string NameOf(ulong index, ulong term) => $"{Prefix}{index:x16}-{term:x16}{Suffix}";

    public static bool TryParse(string name, out ulong index, out ulong term)
    {
        index = 0;
        term = 0;
        return name.Length == Prefix.Length + 33 + Suffix.Length
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(Prefix.Length, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out index)
            && ulong.TryParse(name.AsSpan(Prefix.Length + 17, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out term);
    }

    public static byte[] EncodeHeader(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> keyCheck)
    {
        byte[] header = new byte[HeaderSize];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version);
        salt.CopyTo(header.AsSpan(16));
        keyCheck.CopyTo(header.AsSpan(48));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc32C.Of(header));
        return header;
    }

    public static FileCipher DecodeHeader(string name, byte[] header, ReadOnlySpan<byte> dataKey)
    {
        if (!header.AsSpan().StartsWith(Magic))
        {
            throw new CorruptSnapshotException(name, 0, "not a snapshot");
        }

        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), 0);
        if (checksum != Crc32C.Of(header))
        {
            throw new CorruptSnapshotException(name, 0, "header checksum does not fit");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8));
        if (version != Version)
        {
            throw new CorruptSnapshotException(name, 8, $"version {version} is unknown to this program, which writes {Version}");
        }

        FileCipher cipher = new(dataKey, header.AsSpan(16, FileCipher.SaltBytes), KeyPurpose);
        if (!cipher.Check.Span.SequenceEqual(header.AsSpan(48, FileCipher.CheckBytes)))
        {
            cipher.Dispose();
            throw new WrongKeyException(name);
        }

        return cipher;
    }
}
