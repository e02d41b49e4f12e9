using System.Buffers;
using System.Collections.Immutable;

namespace Skep.Raft.Codec;

/// <summary>Bytes of a <see cref="Message"/> between members. Deterministic; strict on the way in, because it comes from another machine.</summary>
/// <remarks>Layout: version, kind, then every field in order; numbers as varints, runs with their length. Absent snapshot: flag 0.</remarks>
public static class MessageCodec
{
    private const byte Version = 1;

    public static byte[] Encode(Message message)
    {
        ArrayBufferWriter<byte> output = new(64 + message.Context.Length + message.Entries.Sum(e => e.Data.Length + 24));
        Write(output, message);
        return output.WrittenSpan.ToArray();
    }

    public static void Write(IBufferWriter<byte> output, Message message)
    {
        ByteWriter writer = new(output);
        writer.Byte(Version);
        writer.Byte((byte)message.Kind);
        writer.Number(message.From);
        writer.Number(message.To);
        writer.Number(message.Term);
        writer.Number(message.LogTerm);
        writer.Number(message.Index);
        writer.Number(message.Commit);
        writer.Byte(message.Reject ? (byte)1 : (byte)0);
        writer.Number(message.RejectHint);
        writer.Bytes(message.Context.Span);
        writer.Byte(message.Snapshot is null ? (byte)0 : (byte)1);
        if (message.Snapshot is not null)
        {
            LogCodec.WriteMeta(output, message.Snapshot);
        }

        writer.Number((ulong)message.Entries.Length);
        foreach (Entry entry in message.Entries)
        {
            LogCodec.WriteEntry(output, entry);
        }
    }

    /// <summary>The message; entries and context are views into <paramref name="input"/>.</summary>
    /// <exception cref="RaftFormatException">The bytes are not a whole message of this version.</exception>
    public static Message Decode(ReadOnlyMemory<byte> input)
    {
        ByteReader reader = new(input);
        byte version = reader.Byte();
        if (version != Version)
        {
            throw new RaftFormatException($"unknown message version {version}");
        }

        byte kind = reader.Byte();
        if (kind is < (byte)MessageKind.PreVote or > (byte)MessageKind.ReadIndexResponse)
        {
            throw new RaftFormatException($"unknown message kind {kind}");
        }

        Message message = new((MessageKind)kind, reader.Number(), reader.Number(), reader.Number())
        {
            LogTerm = reader.Number(),
            Index = reader.Number(),
            Commit = reader.Number(),
            Reject = reader.Flag(),
            RejectHint = reader.Number(),
            Context = reader.Bytes(),
            Snapshot = reader.Flag() ? LogCodec.ReadMeta(ref reader) : null,
            Entries = ReadEntries(ref reader),
        };
        reader.End();
        CheckShape(message);
        return message;
    }

    private static ImmutableArray<Entry> ReadEntries(ref ByteReader reader)
    {
        int count = reader.Count(LogCodec.MinEntryBytes);
        if (count == 0)
        {
            return [];
        }

        ImmutableArray<Entry>.Builder entries = ImmutableArray.CreateBuilder<Entry>(count);
        for (int i = 0; i < count; i++)
        {
            entries.Add(LogCodec.ReadEntry(ref reader));
        }

        return entries.MoveToImmutable();
    }

    /// <summary>What the core relies on without asking again: it breaks an invariant (and stops) rather than doubt its own fields.</summary>
    private static void CheckShape(Message message)
    {
        if (message.From == 0 || message.To == 0)
        {
            throw new RaftFormatException("message without sender or receiver");
        }

        if (message.Kind == MessageKind.Snapshot != message.Snapshot is not null)
        {
            throw new RaftFormatException("snapshot in the wrong kind of message");
        }

        if (message.Snapshot is { Index: 0 } or { Term: 0 })
        {
            throw new RaftFormatException("snapshot of nothing");
        }

        if (message.Entries.Length == 0)
        {
            return;
        }

        if (message.Kind == MessageKind.Propose)
        {
            return;
        }

        if (message.Kind != MessageKind.Append)
        {
            throw new RaftFormatException("entries in the wrong kind of message");
        }

        ulong index = message.Index;
        ulong term = message.LogTerm;
        foreach (Entry entry in message.Entries)
        {
            if (entry.Index != ++index)
            {
                throw new RaftFormatException("entries are not consecutive");
            }

            if (entry.Term < term || entry.Term > message.Term)
            {
                throw new RaftFormatException("entries' terms go backwards or beyond the message");
            }

            term = entry.Term;
        }
    }
}
