using System.Buffers.Binary;

namespace Skep.Raft;

/// <summary>A snapshot on its way to a peer: the plaintext (the connection encrypts), then its length and checksum, so a cut stream is never taken for a whole one.</summary>
internal sealed class SnapshotTransfer(Stream snapshot) : ForwardStream
{
    private const int TrailerBytes = 16;
    private const uint Mark = 0x504e_5345; // "ESNP", read as little endian
    private readonly byte[] _trailer = new byte[TrailerBytes];
    private ulong _total;
    private uint _checksum;
    private int _trailerSent = -1;

    public override bool CanRead => true;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_trailerSent < 0)
        {
            int read = snapshot.Read(buffer);
            if (read > 0)
            {
                _checksum = Crc32C.Extend(_checksum, buffer[..read]);
                _total += (ulong)read;
                return read;
            }

            WriteTrailer(_trailer, _total, _checksum);
            _trailerSent = 0;
        }

        int part = Math.Min(buffer.Length, TrailerBytes - _trailerSent);
        _trailer.AsSpan(_trailerSent, part).CopyTo(buffer);
        _trailerSent += part;
        return part;
    }

    /// <summary>The receiving half: copies the plaintext and throws <see cref="InvalidDataException"/> if it did not arrive whole.</summary>
    public static async Task ReceiveAsync(Stream source, Stream destination, CancellationToken ct)
    {
        // The last 16 bytes seen so far stay in the front of the buffer: they may be the trailer.
        byte[] buffer = new byte[TrailerBytes + (128 << 10)];
        int held = 0;
        uint checksum = 0;
        ulong total = 0;
        while (true)
        {
            int read = await source.ReadAsync(buffer.AsMemory(held), ct);
            if (read == 0)
            {
                break;
            }

            held += read;
            int ready = held - TrailerBytes;
            if (ready <= 0)
            {
                continue;
            }

            checksum = Crc32C.Extend(checksum, buffer.AsSpan(0, ready));
            total += (ulong)ready;
            await destination.WriteAsync(buffer.AsMemory(0, ready), ct);
            buffer.AsSpan(ready, TrailerBytes).CopyTo(buffer);
            held = TrailerBytes;
        }

        byte[] expected = new byte[TrailerBytes];
        WriteTrailer(expected, total, checksum);
        if (held < TrailerBytes || !buffer.AsSpan(0, TrailerBytes).SequenceEqual(expected))
        {
            throw new InvalidDataException($"the snapshot broke off or was damaged on the way after {total} bytes");
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            snapshot.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void WriteTrailer(Span<byte> trailer, ulong total, uint checksum)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(trailer, total);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[8..], checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[12..], Mark);
    }
}
