using System.Collections.Immutable;

namespace Skep.Raft.Tests;

/// <summary>A log with an entry that no member can apply: what an operator can do, and what is left of the rest.</summary>
public sealed class PoisonedEntryTests
{
    [Fact]
    public void An_entry_that_stops_every_member_is_stepped_over_and_nothing_else_is_lost()
    {
        ImmutableHashSet<EntryMark> skipped = [];
        using TestGroup group = TestGroup.Of(3, configure: o => o with { SkippedEntries = skipped });
        group.Finish(TestGroup.Propose(group.Leader!, "before"));
        Task poisoned = TestGroup.Propose(group.Leader!, ListMachine.Poison);
        Task behind = TestGroup.Propose(group.Leader!, "behind it");
        EntryNotAppliedException stopped = Assert.Throws<EntryNotAppliedException>(group.Settle);
        Assert.Contains($"log entry {stopped.Entry} cannot be applied: nobody can apply this", stopped.Message, StringComparison.Ordinal);
        RestartAll(group);
        Assert.Equal(stopped.Entry, Assert.Throws<EntryNotAppliedException>(() => group.Tick(100)).Entry);

        // The index of another log's entry names nothing here.
        skipped = [stopped.Entry with { Checksum = stopped.Entry.Checksum + 1 }];
        RestartAll(group);
        Assert.Throws<EntryNotAppliedException>(() => group.Tick(100));

        skipped = [stopped.Entry];
        RestartAll(group);
        group.Until(() => group.Leader is not null, "a leader");
        group.Finish(TestGroup.Propose(group.Leader!, "after"));
        group.AssertSame(["before", "behind it", "after"]);
        Assert.All(group.Running, n => Assert.Equal(["before", "behind it", "after"], n.Machine.Items));
        Assert.True(poisoned.IsFaulted && behind.IsFaulted);
    }

    [Theory]
    [InlineData("17-0000002a", 17, 42)]
    [InlineData("18446744073709551615-ffffffff", ulong.MaxValue, uint.MaxValue)]
    public void A_mark_is_read_as_it_is_written(string text, ulong index, uint checksum)
    {
        Assert.True(EntryMark.TryParse(text, out EntryMark mark));
        Assert.Equal(new EntryMark(index, checksum), mark);
        Assert.Equal(text, mark.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("17")]
    [InlineData("-17-2a")]
    [InlineData("17-")]
    [InlineData("17-xyz")]
    [InlineData("17-1-2")]
    [InlineData("17-123456789")]
    public void What_is_no_mark_is_refused(string text) => Assert.False(EntryMark.TryParse(text, out _));

    private static void RestartAll(TestGroup group)
    {
        ulong[] all = [.. group.Running.Select(n => n.Id)];
        foreach (ulong id in all)
        {
            group.Stop(id);
        }

        foreach (ulong id in all)
        {
            group.Restart(id);
        }
    }
}
