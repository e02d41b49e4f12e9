using System.Buffers;
using System.IO.Compression;

namespace Grpc.Core.Wire;

/// <summary>The only message coding besides identity.</summary>
internal static class GzipCoding
{
    public static void Compress(ReadOnlySpan<byte> payload, PooledBuffer into, CompressionLevel level)
    {
        using var gzip = new GZipStream(new BufferStream(into), level);
        gzip.Write(payload);
    }

    /// <exception cref="GrpcWireException">RESOURCE_EXHAUSTED when more than <paramref name="maxBytes"/> come out; INTERNAL when it is not gzip.</exception>
    public static void Decompress(ReadOnlySequence<byte> payload, PooledBuffer into, int maxBytes)
    {
        using var gzip = new GZipStream(new SequenceStream(payload), CompressionMode.Decompress);
        try
        {
            for (int read; (read = gzip.Read(into.GetSpan(4096))) > 0;)
            {
                into.Advance(read);
                if (into.WrittenCount > maxBytes)
                    throw Frames.TooLarge("Received", maxBytes);
            }
        }
        catch (InvalidDataException e)
        {
            throw new GrpcWireException(new Status(StatusCode.Internal, "Compressed message is not valid gzip.", e));
        }
    }

    private sealed class BufferStream(PooledBuffer buffer) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] source, int offset, int count) => Write(source.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> source) => buffer.Write(source);

        public override void Flush()
        {
        }

        public override int Read(byte[] target, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class SequenceStream(ReadOnlySequence<byte> sequence) : Stream
    {
        private ReadOnlySequence<byte> _rest = sequence;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] target, int offset, int count) => Read(target.AsSpan(offset, count));

        public override int Read(Span<byte> target)
        {
            int count = (int)Math.Min(_rest.Length, target.Length);
            _rest.Slice(0, count).CopyTo(target);
            _rest = _rest.Slice(count);
            return count;
        }

        public override void Flush()
        {
        }

        public override void Write(byte[] source, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
