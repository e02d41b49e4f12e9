using System.Collections.Immutable;

namespace Skep.Raft.Tests;

public sealed class RaftLogTests
{
    private static Entry At(ulong index, ulong term, int bytes = 10) => new(term, index, EntryKind.Normal, new byte[bytes]);

    private static RaftLog WithEntries(int count)
    {
        RaftLog log = new(new SnapshotMeta(1, 1, Membership.Empty), [], commit: 1, applied: 1);
        for (int i = 0; i < count; i++)
        {
            log.Append(At(log.LastIndex + 1, term: 1));
        }

        return log;
    }

    [Fact]
    public void The_same_range_is_handed_out_without_a_copy()
    {
        RaftLog log = WithEntries(5);
        Assert.True(log.Slice(2, 6) == log.Slice(2, 6));
        Assert.Equal([3ul, 4], log.Slice(3, 4).Select(e => e.Index));
    }

    [Fact]
    public void A_range_whose_entries_were_replaced_is_handed_out_anew()
    {
        RaftLog log = WithEntries(5);
        log.Slice(2, 6);
        Assert.True(log.TryAppend(3, 1, [At(4, term: 2), At(5, term: 2), At(6, term: 2)]));
        Assert.Equal([1ul, 1, 2, 2, 2], log.Slice(2, 6).Select(e => e.Term));
    }

    [Fact]
    public void A_range_of_before_a_snapshot_is_forgotten()
    {
        RaftLog log = WithEntries(5);
        log.Slice(2, 6);
        log.Restore(new SnapshotMeta(2, 2, Membership.Empty));
        for (ulong index = 3; index <= 6; index++)
        {
            log.Append(At(index, term: 2));
        }

        Assert.All(log.Slice(3, 6), e => Assert.Equal(2ul, e.Term));
    }

    [Fact]
    public void The_payload_limit_holds_for_a_range_that_was_handed_out_whole_before()
    {
        RaftLog log = WithEntries(5);
        ImmutableArray<Entry> whole = log.Slice(2, 6);
        Assert.Equal(5, whole.Length);
        Assert.Equal([2ul, 3], log.Slice(2, 6, maxBytes: 20).Select(e => e.Index));
        Assert.Equal(whole, log.Slice(2, 6).ToArray());
    }
}
