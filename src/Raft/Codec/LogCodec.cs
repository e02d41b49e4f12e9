using System.Buffers;
using System.Collections.Immutable;

namespace Skep.Raft.Codec;

/// <summary>
/// Bytes of what a member keeps on disk. The same value always gives the same bytes, and only those bytes are read back;
/// anything else throws <see cref="RaftFormatException"/>. No checksums and no versions here: the files around them have both.
/// </summary>
/// <remarks>Decoded entries are views into the input: do not reuse the buffer while they live.</remarks>
public static class LogCodec
{
    /// <summary>The least an encoded entry can take: term, index, kind, length.</summary>
    internal const int MinEntryBytes = 4;

    public static void WriteEntry(IBufferWriter<byte> output, in Entry entry)
    {
        ByteWriter writer = new(output);
        writer.Number(entry.Term);
        writer.Number(entry.Index);
        writer.Byte((byte)entry.Kind);
        writer.Bytes(entry.Data.Span);
    }

    public static void WriteHardState(IBufferWriter<byte> output, in HardState state)
    {
        ByteWriter writer = new(output);
        writer.Number(state.Term);
        writer.Number(state.Vote);
        writer.Number(state.Commit);
    }

    public static byte[] Encode(in Entry entry)
    {
        ArrayBufferWriter<byte> output = new(24 + entry.Data.Length);
        WriteEntry(output, entry);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Encode(in HardState state)
    {
        ArrayBufferWriter<byte> output = new(32);
        WriteHardState(output, state);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Encode(Membership membership)
    {
        ArrayBufferWriter<byte> output = new(256);
        WriteMembership(output, membership);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Encode(SnapshotMeta meta)
    {
        ArrayBufferWriter<byte> output = new(256);
        WriteMeta(output, meta);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] Encode(MembershipChange change)
    {
        ArrayBufferWriter<byte> output = new(128);
        ByteWriter writer = new(output);
        writer.Byte((byte)change.Kind);
        WriteMember(writer, change.Member);
        writer.Bytes(change.Context.Span);
        return output.WrittenSpan.ToArray();
    }

    public static Entry DecodeEntry(ReadOnlyMemory<byte> input)
    {
        ByteReader reader = new(input);
        Entry entry = ReadEntry(ref reader);
        reader.End();
        return entry;
    }

    public static HardState DecodeHardState(ReadOnlyMemory<byte> input)
    {
        ByteReader reader = new(input);
        HardState state = new(reader.Number(), reader.Number(), reader.Number());
        reader.End();
        return state;
    }

    public static Membership DecodeMembership(ReadOnlyMemory<byte> input)
    {
        ByteReader reader = new(input);
        Membership membership = ReadMembership(ref reader);
        reader.End();
        return membership;
    }

    public static SnapshotMeta DecodeSnapshotMeta(ReadOnlyMemory<byte> input)
    {
        ByteReader reader = new(input);
        SnapshotMeta meta = ReadMeta(ref reader);
        reader.End();
        return meta;
    }

    public static MembershipChange DecodeMembershipChange(ReadOnlyMemory<byte> input)
    {
        ByteReader reader = new(input);
        byte kind = reader.Byte();
        if (kind is < (byte)MembershipChangeKind.AddLearner or > (byte)MembershipChangeKind.UpdateAddress)
        {
            throw new RaftFormatException($"unknown membership change {kind}");
        }

        MembershipChange change = new((MembershipChangeKind)kind, ReadMember(ref reader), reader.Bytes());
        reader.End();
        return change;
    }

    internal static Entry ReadEntry(ref ByteReader reader)
    {
        ulong term = reader.Number();
        ulong index = reader.Number();
        byte kind = reader.Byte();
        if (kind > (byte)EntryKind.Membership)
        {
            throw new RaftFormatException($"unknown entry kind {kind}");
        }

        return new Entry(term, index, (EntryKind)kind, reader.Bytes());
    }

    internal static void WriteMeta(IBufferWriter<byte> output, SnapshotMeta meta)
    {
        ByteWriter writer = new(output);
        writer.Number(meta.Index);
        writer.Number(meta.Term);
        WriteMembership(output, meta.Membership);
    }

    internal static SnapshotMeta ReadMeta(ref ByteReader reader) => new(reader.Number(), reader.Number(), ReadMembership(ref reader));

    private static void WriteMembership(IBufferWriter<byte> output, Membership membership)
    {
        ByteWriter writer = new(output);
        writer.Number((ulong)membership.Members.Length);
        foreach (RaftMember member in membership.Members)
        {
            WriteMember(writer, member);
        }
    }

    private static Membership ReadMembership(ref ByteReader reader)
    {
        ImmutableArray<RaftMember>.Builder members = ImmutableArray.CreateBuilder<RaftMember>(reader.Count(4));
        for (int left = members.Capacity; left > 0; left--)
        {
            RaftMember member = ReadMember(ref reader);
            if (members.Count > 0 && members[^1].Id >= member.Id)
            {
                throw new RaftFormatException("members out of order");
            }

            members.Add(member);
        }
        return members.Count == 0 ? Membership.Empty : new Membership(members);
    }

    private static void WriteMember(ByteWriter writer, RaftMember member)
    {
        writer.Number(member.Id);
        writer.Text(member.NodeId);
        writer.Text(member.Address);
        writer.Byte(member.IsVoter ? (byte)1 : (byte)0);
    }

    private static RaftMember ReadMember(ref ByteReader reader) => new(reader.Number(), reader.Text(), reader.Text(), reader.Flag());
}
