using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Grpc.Core.Wire;

/// <summary>Reads frames and hands each payload to the deserializer in place. One read at a time.</summary>
internal sealed class FrameReader(PipeReader pipe, string? encoding, int maxBytes) : DeserializationContext
{
    private readonly bool _gzip = string.Equals(encoding, WireNames.Gzip, StringComparison.Ordinal);
    private ReadOnlySequence<byte> _payload;

    public override int PayloadLength => (int)_payload.Length;

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    /// <summary>The next message; null at the orderly end of the stream.</summary>
    /// <exception cref="GrpcWireException">Too large, cut off in the middle, compressed in a way we do not know, or not deserializable.</exception>
    public async ValueTask<T?> ReadAsync<T>(Func<DeserializationContext, T> deserializer, CancellationToken ct)
        where T : class
    {
        ReadResult result = await ReadAtLeastAsync(Frames.HeaderBytes, ct).ConfigureAwait(false);
        ReadOnlySequence<byte> buffer = result.Buffer;
        if (buffer.Length < Frames.HeaderBytes)
        {
            bool clean = buffer.IsEmpty;
            pipe.AdvanceTo(buffer.End);
            return clean ? null : throw Broken("Incomplete message.");
        }

        (bool compressed, int length) = ParseHeader(buffer);
        if (buffer.Length - Frames.HeaderBytes < length)
        {
            pipe.AdvanceTo(buffer.Start, buffer.End);
            result = await ReadAtLeastAsync(Frames.HeaderBytes + length, ct).ConfigureAwait(false);
            buffer = result.Buffer;
            if (buffer.Length - Frames.HeaderBytes < length)
            {
                pipe.AdvanceTo(buffer.End);
                throw Broken("Incomplete message.");
            }
        }

        ReadOnlySequence<byte> payload = buffer.Slice(Frames.HeaderBytes, length);
        SequencePosition end = payload.End;
        try
        {
            return Deserialize(deserializer, payload, compressed);
        }
        finally
        {
            _payload = default;
            pipe.AdvanceTo(end);
        }
    }

    /// <summary>
    /// At least so many bytes, or what there was before the end. Not PipeReader.ReadAtLeastAsync: that of System.IO.Pipelines.Pipe misses a flush that
    /// comes between two reads when the second asks for less than the first (seen as a hang in Frames_survive_any_cut_and_compression).
    /// </summary>
    private async ValueTask<ReadResult> ReadAtLeastAsync(int bytes, CancellationToken ct)
    {
        while (true)
        {
            ReadResult result = await pipe.ReadAsync(ct).ConfigureAwait(false);
            if (result.Buffer.Length >= bytes || result.IsCompleted)
                return result;
            pipe.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private (bool Compressed, int Length) ParseHeader(ReadOnlySequence<byte> buffer)
    {
        Span<byte> header = stackalloc byte[Frames.HeaderBytes];
        buffer.Slice(0, Frames.HeaderBytes).CopyTo(header);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        string? problem = header[0] switch
        {
            0 => null,
            1 when _gzip => null,
            1 => "Request or response is compressed, but no known grpc-encoding was announced.",
            _ => "Unexpected compressed flag value in message header.",
        };
        if (problem is null && length <= (uint)Math.Min(maxBytes, int.MaxValue - 64))
            return (header[0] == 1, (int)length);
        pipe.AdvanceTo(buffer.Start);
        throw problem is null ? Frames.TooLarge("Received", maxBytes) : Broken(problem);
    }

    private T Deserialize<T>(Func<DeserializationContext, T> deserializer, ReadOnlySequence<byte> payload, bool compressed)
    {
        using PooledBuffer? plain = compressed ? new PooledBuffer((int)Math.Min(Math.Max(payload.Length * 2, 512), maxBytes)) : null;
        if (plain is not null)
            GzipCoding.Decompress(payload, plain, maxBytes);
        _payload = plain is null ? payload : new ReadOnlySequence<byte>(plain.WrittenMemory);
        try
        {
            return deserializer(this);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or FormatException or ArgumentException)
        {
            // Google.Protobuf's InvalidProtocolBufferException is an IOException: without this it would pass for a lost connection.
            throw new GrpcWireException(new Status(StatusCode.Internal, $"Failed to deserialize message. {e.Message}", e));
        }
    }

    private static GrpcWireException Broken(string detail) => new(new Status(StatusCode.Internal, detail));
}
