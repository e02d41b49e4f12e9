using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Skep.Store;

/// <summary>A view as a stream: a header, every object with its length, an end mark with the SHA-256 of all before it.</summary>
/// <remarks>
/// Header: "SKEPSTO" and the format's number, then the index (8 bytes). Object: kind (1), length (4), bytes. End: 0, count (4), digest (32).
/// Numbers are little-endian. Encryption and chunking are the log's business.
/// </remarks>
public static class StoreSnapshot
{
    private const int MaxObjectBytes = 64 << 20;
    private const byte EndMark = 0;

    private static ReadOnlySpan<byte> Magic => "SKEPSTO\u0001"u8;

    public static void Write(StoreView view, IStoreCodec codec, Stream output)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> header = stackalloc byte[16];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], view.Index);
        Append(output, hash, header);

        var buffer = new ArrayBufferWriter<byte>(4096);
        Span<byte> head = stackalloc byte[5];
        int count = 0;
        foreach (IStoredObject stored in view.All)
        {
            buffer.ResetWrittenCount();
            codec.EncodeObject(stored, buffer);
            head[0] = (byte)stored.Kind;
            BinaryPrimitives.WriteInt32LittleEndian(head[1..], buffer.WrittenCount);
            Append(output, hash, head);
            Append(output, hash, buffer.WrittenSpan);
            count++;
        }

        head[0] = EndMark;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], count);
        Append(output, hash, head);
        output.Write(hash.GetHashAndReset());
    }

    /// <exception cref="ClusterException">Internal: damaged, cut off, or of another format.</exception>
    public static StoreView Read(Stream input, IStoreCodec codec)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> header = stackalloc byte[16];
        Take(input, hash, header);
        if (!header[..8].SequenceEqual(Magic))
        {
            throw Damaged("is not a store of a format known here");
        }

        var objects = new List<IStoredObject>();
        Span<byte> head = stackalloc byte[5];
        while (true)
        {
            Take(input, hash, head);
            int number = BinaryPrimitives.ReadInt32LittleEndian(head[1..]);
            if (head[0] == EndMark)
            {
                CheckEnd(input, hash, number, objects.Count);
                return StoreView.Of(BinaryPrimitives.ReadUInt64LittleEndian(header[8..]), objects);
            }

            var kind = (ObjectKind)head[0];
            if (!Enum.IsDefined(kind) || number is < 0 or > MaxObjectBytes)
            {
                throw Damaged($"has a broken object head after {objects.Count} objects");
            }

            byte[] bytes = new byte[number];
            Take(input, hash, bytes);
            objects.Add(codec.DecodeObject(kind, bytes));
        }
    }

    private static void CheckEnd(Stream input, IncrementalHash hash, int promised, int found)
    {
        byte[] expected = hash.GetHashAndReset();
        byte[] digest = new byte[SHA256.HashSizeInBytes];
        if (input.ReadAtLeast(digest, digest.Length, throwOnEndOfStream: false) < digest.Length)
        {
            throw Damaged("is cut off");
        }

        if (promised != found || !digest.AsSpan().SequenceEqual(expected))
        {
            throw Damaged("does not have the digest it should");
        }
    }

    private static void Append(Stream output, IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        hash.AppendData(bytes);
    }

    private static void Take(Stream input, IncrementalHash hash, Span<byte> bytes)
    {
        if (input.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw Damaged("is cut off");
        }

        hash.AppendData(bytes);
    }

    private static ClusterException Damaged(string how) => new(ErrorKind.Internal, $"the snapshot {how}");
}
