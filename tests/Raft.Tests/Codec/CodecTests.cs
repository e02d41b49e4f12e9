using Skep.Raft.Codec;

namespace Skep.Raft.Tests.Codec;

public sealed class CodecTests
{
    private static readonly SnapshotMeta Meta = new(70_000, 5, new Membership(
    [
        new RaftMember(3, "node-c", "10.0.0.3:2377", IsVoter: false),
        new RaftMember(1, "node-a", "10.0.0.1:2377", IsVoter: true),
        new RaftMember(ulong.MaxValue, "", "[fd00::1]:2377", IsVoter: true),
    ]));

    private static Message FullAppend => new(MessageKind.Append, 1, 2, 9)
    {
        LogTerm = 4,
        Index = 127,
        Commit = 128,
        Context = new byte[] { 1, 2, 3 },
        Entries = [new Entry(4, 128, EntryKind.Normal, default), new Entry(9, 129, EntryKind.Membership, new byte[300])],
    };

    [Fact]
    public void Every_kind_of_message_comes_back_as_it_went()
    {
        foreach (MessageKind kind in Enum.GetValues<MessageKind>())
        {
            Message message = new(kind, ulong.MaxValue, 7, 1UL << 63) { LogTerm = 1, Index = 2, Commit = 3, Reject = true, RejectHint = 4, Context = new byte[] { 9 } };
            if (kind == MessageKind.Snapshot)
            {
                message = message with { Snapshot = Meta };
            }

            if (kind == MessageKind.Propose)
            {
                message = message with { Entries = [new Entry(0, 0, EntryKind.Normal, new byte[] { 5 })] };
            }

            AssertSame(message, MessageCodec.Decode(MessageCodec.Encode(message)));
        }
        AssertSame(FullAppend, MessageCodec.Decode(MessageCodec.Encode(FullAppend)));
    }

    [Fact]
    public void Log_values_come_back_as_they_went()
    {
        Entry entry = new(3, 1UL << 40, EntryKind.Normal, new byte[] { 1, 2, 3 });
        AssertSame(entry, LogCodec.DecodeEntry(LogCodec.Encode(entry)));
        HardState state = new(ulong.MaxValue, 0, 300);
        Assert.Equal(state, LogCodec.DecodeHardState(LogCodec.Encode(state)));
        Assert.Equal(Meta, LogCodec.DecodeSnapshotMeta(LogCodec.Encode(Meta)));
        Assert.Equal(Meta.Membership, LogCodec.DecodeMembership(LogCodec.Encode(Meta.Membership)));
        MembershipChange change = new(MembershipChangeKind.Promote, Meta.Membership.Members[0], new byte[] { 7 });
        MembershipChange back = LogCodec.DecodeMembershipChange(LogCodec.Encode(change));
        Assert.Equal((change.Kind, change.Member), (back.Kind, back.Member));
        Assert.Equal(change.Context.ToArray(), back.Context.ToArray());
    }

    [Fact]
    public void The_order_members_were_given_in_does_not_show() =>
        Assert.Equal(LogCodec.Encode(Meta.Membership), LogCodec.Encode(new Membership(Meta.Membership.Members.Reverse())));

    [Fact]
    public void Bytes_on_disk_stay_what_they_are()
    {
        Assert.Equal("02AC0200036D7367", Convert.ToHexString(LogCodec.Encode(new Entry(2, 300, EntryKind.Normal, "msg"u8.ToArray()))));
        Assert.Equal("03018080808001", Convert.ToHexString(LogCodec.Encode(new HardState(3, 1, 1 << 28))));
        SnapshotMeta meta = new(9, 2, new Membership([new RaftMember(1, "a", "h:1", IsVoter: true)]));
        Assert.Equal("09020101016103683A3101", Convert.ToHexString(LogCodec.Encode(meta)));
    }

    [Fact]
    public void A_message_cut_anywhere_is_refused()
    {
        byte[] whole = MessageCodec.Encode(FullAppend);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(whole.AsMemory(0, length)));
        }

        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode((byte[])[.. whole, 0]));
    }

    /// <summary>Whatever bytes come: a message that encodes to exactly them, or a format error; never another exception.</summary>
    [Fact]
    public void Damaged_bytes_never_do_worse_than_a_format_error()
    {
        byte[] whole = MessageCodec.Encode(FullAppend);
        byte[] snapshot = MessageCodec.Encode(new Message(MessageKind.Snapshot, 1, 2, 9) { Snapshot = Meta });
        Random random = new(1);
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = [.. round % 2 == 0 ? whole : snapshot];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            Assert.True(RefusesOrMeansIt(damaged), Convert.ToHexString(damaged));
            byte[] noise = new byte[random.Next(40)];
            random.NextBytes(noise);
            Assert.True(RefusesOrMeansIt([1, 5, .. noise]), Convert.ToHexString(noise));
        }
    }

    [Fact]
    public void A_length_that_lies_allocates_nothing()
    {
        byte[] lie = [1, 11, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(lie));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000);
    }

    [Fact]
    public void Numbers_have_one_form_only()
    {
        Assert.Throws<RaftFormatException>(() => LogCodec.DecodeHardState(new byte[] { 0x81, 0x00, 0, 0 }));
        Assert.Throws<RaftFormatException>(() => LogCodec.DecodeHardState(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0 }));
    }

    [Fact]
    public void Messages_that_no_member_writes_are_refused()
    {
        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(MessageCodec.Encode(FullAppend with { Index = 5 })));
        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(MessageCodec.Encode(FullAppend with { Term = 8 })));
        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(MessageCodec.Encode(FullAppend with { From = 0 })));
        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(MessageCodec.Encode(FullAppend with { Snapshot = Meta })));
        Assert.Throws<RaftFormatException>(() => MessageCodec.Decode(MessageCodec.Encode(new Message(MessageKind.Snapshot, 1, 2, 3))));
    }

    private static bool RefusesOrMeansIt(byte[] bytes)
    {
        try
        {
            return MessageCodec.Encode(MessageCodec.Decode(bytes)).AsSpan().SequenceEqual(bytes);
        }
        catch (RaftFormatException)
        {
            return true;
        }
    }

    private static void AssertSame(Message expected, Message actual)
    {
        Assert.Equal(expected with { Entries = [], Context = default }, actual with { Entries = [], Context = default });
        Assert.Equal(expected.Context.ToArray(), actual.Context.ToArray());
        Assert.Equal(expected.Entries.Length, actual.Entries.Length);
        for (int i = 0; i < expected.Entries.Length; i++)
        {
            AssertSame(expected.Entries[i], actual.Entries[i]);
        }
    }

    private static void AssertSame(Entry expected, Entry actual)
    {
        Assert.Equal((expected.Term, expected.Index, expected.Kind), (actual.Term, actual.Index, actual.Kind));
        Assert.Equal(expected.Data.ToArray(), actual.Data.ToArray());
    }
}
