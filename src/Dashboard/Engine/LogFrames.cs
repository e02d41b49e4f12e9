using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Skep.Dashboard.Engine;

/// <summary>Docker's framing of two outputs in one stream: stream number, three zeros, length, bytes.</summary>
/// <remarks>Source: Docker Engine API, "Attach to a container", stream format.</remarks>
internal static class LogFrames
{
    private const int HeaderSize = 8;
    private const int Largest = 1 << 20;

    /// <summary>Pieces in order; output of a terminal has no frames and comes as stream 1.</summary>
    public static async IAsyncEnumerable<(int Stream, ReadOnlyMemory<byte> Data)> ReadAsync(Stream input, bool isFramed, [EnumeratorCancellation] CancellationToken ct)
    {
        byte[] buffer = new byte[16384];
        if (!isFramed)
        {
            while (await input.ReadAsync(buffer, ct).ConfigureAwait(false) is > 0 and var read)
            {
                yield return (1, buffer.AsMemory(0, read));
            }

            yield break;
        }

        byte[] header = new byte[HeaderSize];
        while (await input.ReadAtLeastAsync(header, HeaderSize, throwOnEndOfStream: false, ct).ConfigureAwait(false) == HeaderSize)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
            if (length > Largest)
            {
                throw new InvalidDataException($"a frame of {length} bytes");
            }

            if (buffer.Length < length)
            {
                buffer = new byte[length];
            }

            await input.ReadExactlyAsync(buffer.AsMemory(0, (int)length), ct).ConfigureAwait(false);
            yield return (header[0], buffer.AsMemory(0, (int)length));
        }
    }
}
