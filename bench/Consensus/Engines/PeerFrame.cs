using System.Buffers;
using System.Buffers.Binary;
using Skep.Raft;
using Skep.Raft.Codec;

namespace Skep.Bench.Consensus.Engines;

/// <summary>A message between members on a byte stream: its length, then itself; a snapshot's bytes follow its message.</summary>
internal static class PeerFrame
{
    private const int HeadBytes = sizeof(int);

    public static void Write(ArrayBufferWriter<byte> output, ArrayBufferWriter<byte> scratch, Message message)
    {
        scratch.ResetWrittenCount();
        MessageCodec.Write(scratch, message);
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(HeadBytes), scratch.WrittenCount);
        output.Advance(HeadBytes);
        output.Write(scratch.WrittenSpan);
    }

    /// <summary>Null at the end of the stream.</summary>
    public static async Task<Message?> ReadAsync(Stream stream, byte[] head, CancellationToken ct)
    {
        int read = await stream.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, ct);
        if (read < HeadBytes)
        {
            return null;
        }

        byte[] body = new byte[BinaryPrimitives.ReadInt32LittleEndian(head)];
        await stream.ReadExactlyAsync(body, ct);
        return MessageCodec.Decode(body);
    }

    public static byte[] NewHead() => new byte[HeadBytes];
}
