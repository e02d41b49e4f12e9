using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Grpc.Core.Wire;

/// <summary>The frame around each message: one byte that says compressed or not, four bytes of length (big endian), the payload.</summary>
internal static class Frames
{
    public const int HeaderBytes = 5;

    public static void WriteHeader(IBufferWriter<byte> target, bool compressed, int payloadBytes)
    {
        Span<byte> header = target.GetSpan(HeaderBytes);
        header[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(header[1..], (uint)payloadBytes);
        target.Advance(HeaderBytes);
    }

    public static GrpcWireException TooLarge(string verb, int maxBytes) =>
        new(new Status(StatusCode.ResourceExhausted, $"{verb} message exceeds the maximum configured message size of {maxBytes} bytes."));
}

/// <summary>Writes frames into a buffer, without a copy when the message knows its length beforehand (protobuf does) and nothing compresses.</summary>
internal sealed class FrameWriter(IBufferWriter<byte> target, int maxBytes) : SerializationContext
{
    private readonly IBufferWriter<byte> _target = target;
    private int? _length;
    private bool _direct;
    private bool _compress;
    private bool _done;
    private PooledBuffer? _scratch;

    /// <summary>Null: answers are not compressed.</summary>
    public CompressionLevel? Gzip { get; set; }

    /// <summary>A frame header went out and its payload did not follow: the stream is beyond repair.</summary>
    public bool IsTorn => _direct && !_done;

    public void Write<T>(T message, Action<T, SerializationContext> serializer, bool mayCompress)
    {
        _length = null;
        _direct = false;
        _done = false;
        _compress = mayCompress && Gzip is not null;
        try
        {
            serializer(message, this);
            if (!_done)
                throw new InvalidOperationException("The serializer did not complete the message.");
        }
        finally
        {
            _scratch?.Dispose();
            _scratch = null;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        CheckSize(payloadLength);
        _length = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_direct)
            return _target;
        if (_length is { } length && !_compress)
        {
            Frames.WriteHeader(_target, compressed: false, length);
            _direct = true;
            return _target;
        }

        return _scratch ??= new PooledBuffer(_length ?? 512);
    }

    public override void Complete()
    {
        if (!_direct)
            WritePayload(_scratch is null ? [] : _scratch.WrittenMemory.Span);
        _done = true;
    }

    public override void Complete(byte[] payload)
    {
        ArgumentNullException.ThrowIfNull(payload);
        if (_direct)
            throw new InvalidOperationException("The payload was begun in the buffer writer.");
        WritePayload(payload);
        _done = true;
    }

    private void WritePayload(ReadOnlySpan<byte> payload)
    {
        CheckSize(payload.Length);
        if (!_compress)
        {
            Frames.WriteHeader(_target, compressed: false, payload.Length);
            _target.Write(payload);
            return;
        }

        using var compressed = new PooledBuffer(Math.Max(payload.Length / 2, 64));
        GzipCoding.Compress(payload, compressed, Gzip!.Value);
        Frames.WriteHeader(_target, compressed: true, compressed.WrittenCount);
        _target.Write(compressed.WrittenMemory.Span);
    }

    private void CheckSize(int payloadBytes)
    {
        if (payloadBytes > maxBytes)
            throw Frames.TooLarge("Sending", maxBytes);
    }
}
