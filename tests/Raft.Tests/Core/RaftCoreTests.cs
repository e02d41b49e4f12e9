using System.Text;

namespace Skep.Raft.Tests.Core;

public sealed class RaftCoreTests
{
    private static readonly RaftMember One = new(1, "a", "h1", IsVoter: true);
    private static readonly RaftMember Two = new(2, "b", "h2", IsVoter: true);

    [Fact]
    public void A_single_founder_leads_and_commits_alone()
    {
        RaftCore core = Start(One);
        TickUntilLeader(core);
        Assert.Equal(ProposeOutcome.Accepted, core.Propose("x"u8.ToArray()));
        List<Entry> applied = Drain(core);
        Assert.Equal("x", Encoding.UTF8.GetString(applied[^1].Data.Span));
        Assert.Equal(core.Status.LastIndex, core.Status.Applied);
    }

    [Fact]
    public void Nothing_is_handed_out_for_applying_before_it_is_persisted()
    {
        RaftCore core = Start(One);
        TickUntilLeader(core);
        Drain(core);
        core.Propose("x"u8.ToArray());
        Ready first = core.Ready();
        Assert.Single(first.Entries);
        Assert.True(first.MustSync);
        Assert.Empty(first.Committed);
        core.Advance(first);
        Assert.Single(core.Ready().Committed);
    }

    [Fact]
    public void A_candidate_counts_its_own_vote_only_after_the_disk_has_it()
    {
        RaftCore core = Start(One);
        while (!core.HasReady)
        {
            core.Tick();
        }

        Ready ready = core.Ready();
        Assert.Equal(RaftRole.Candidate, core.Role);
        core.Advance(ready);
        Assert.Equal(RaftRole.Leader, core.Role);
    }

    [Fact]
    public void A_commit_index_alone_needs_no_sync()
    {
        RaftCore core = Start(One);
        TickUntilLeader(core);
        Ready entries = core.Ready();
        core.Advance(entries);
        Ready commit = core.Ready();
        Assert.NotNull(commit.HardState);
        Assert.False(commit.MustSync);
    }

    [Fact]
    public void Entries_replaced_while_the_disk_worked_are_handed_out_again()
    {
        RaftCore core = Start(One, Two);
        core.Step(new Message(MessageKind.Append, 2, 1, 2) { Index = 1, LogTerm = 1, Commit = 1, Entries = [new Entry(2, 2, EntryKind.Normal, "old"u8.ToArray())] });
        Ready old = core.Ready();
        core.Step(new Message(MessageKind.Append, 2, 1, 3) { Index = 1, LogTerm = 1, Commit = 2, Entries = [new Entry(3, 2, EntryKind.Normal, "new"u8.ToArray())] });
        core.Advance(old);
        Ready @new = core.Ready();
        Assert.Equal(3UL, Assert.Single(@new.Entries).Term);
        Assert.Empty(@new.Committed);
        core.Advance(@new);
        Assert.Equal(3UL, Assert.Single(core.Ready().Committed).Term);
    }

    [Fact]
    public void A_late_append_does_not_shorten_the_log()
    {
        RaftCore core = Start(One, Two);
        Entry first = new(2, 2, EntryKind.Normal, "1"u8.ToArray());
        Entry second = new(2, 3, EntryKind.Normal, "2"u8.ToArray());
        core.Step(new Message(MessageKind.Append, 2, 1, 2) { Index = 1, LogTerm = 1, Commit = 1, Entries = [first, second] });
        core.Step(new Message(MessageKind.Append, 2, 1, 2) { Index = 1, LogTerm = 1, Commit = 1, Entries = [first] });
        Assert.Equal(3UL, core.Status.LastIndex);
    }

    [Fact]
    public void A_restart_continues_from_snapshot_entries_and_hard_state()
    {
        SnapshotMeta meta = new(5, 2, new Membership([One, Two]));
        MembershipChange learner = new(MembershipChangeKind.AddLearner, new RaftMember(3, "c", "h3", IsVoter: true));
        Entry[] entries = [new Entry(2, 6, EntryKind.Membership, Raft.Codec.LogCodec.Encode(learner)), new Entry(3, 7, EntryKind.Normal, default)];
        RaftCore behind = new(Options, new Random(1), new HardState(4, 2, 6), meta, entries, applied: 5);
        Assert.Null(behind.Membership.Find(3));
        RaftCore ahead = new(Options, new Random(1), new HardState(4, 2, 5), meta, entries, applied: 6);
        Assert.False(ahead.Membership.Find(3)!.IsVoter);
        Assert.Equal((4UL, 2UL, 6UL), (ahead.Status.Term, ahead.Status.Vote, ahead.Status.Commit));
    }

    [Fact]
    public void A_hard_state_torn_off_behind_new_entries_is_made_good_without_a_vote()
    {
        SnapshotMeta meta = new(1, 1, new Membership([One, Two]));
        RaftCore core = new(Options, new Random(1), new HardState(2, 2, 1), meta, [new Entry(3, 2, EntryKind.Normal, default)], applied: 1);
        Assert.Equal((3UL, 0UL), (core.Status.Term, core.Status.Vote));
    }

    [Fact]
    public void A_commit_index_beyond_the_log_stops_the_process() =>
        Assert.Throws<InvariantViolationException>(() => new RaftCore(Options, new Random(1), new HardState(1, 0, 9), new SnapshotMeta(1, 1, new Membership([One])), [], applied: 1));

    [Fact]
    public void Messages_for_others_and_answers_of_strangers_are_ignored()
    {
        RaftCore core = Start(One);
        TickUntilLeader(core);
        Drain(core);
        ulong commit = core.Status.Commit;
        core.Step(new Message(MessageKind.AppendResponse, 77, 1, core.Status.Term) { Index = 999 });
        core.Step(new Message(MessageKind.Append, 77, 5, 99) { Index = 999 });
        Assert.Equal((RaftRole.Leader, commit), (core.Role, core.Status.Commit));
        Assert.False(core.HasReady);
    }

    [Fact]
    public void A_forwarded_change_that_cannot_be_read_appends_nothing()
    {
        RaftCore core = Start(One);
        TickUntilLeader(core);
        Drain(core);
        ulong last = core.Status.LastIndex;
        core.Step(new Message(MessageKind.Propose, 2, 1, 0) { Entries = [new Entry(0, 0, EntryKind.Membership, new byte[] { 99 })] });
        Assert.Equal(last, core.Status.LastIndex);
    }

    private static RaftCoreOptions Options => new() { Id = 1 };

    private static RaftCore Start(params RaftMember[] members)
    {
        (HardState state, SnapshotMeta meta) = RaftCore.Bootstrap(members);
        return new RaftCore(Options, new Random(1), state, meta, [], applied: meta.Index);
    }

    private static void TickUntilLeader(RaftCore core)
    {
        for (int i = 0; i < 100 && core.Role != RaftRole.Leader; i++)
        {
            core.Tick();
            if (!core.HasReady)
            {
                continue;
            }

            core.Advance(core.Ready());
        }
        Assert.Equal(RaftRole.Leader, core.Role);
    }

    private static List<Entry> Drain(RaftCore core)
    {
        List<Entry> applied = [];
        while (core.HasReady)
        {
            Ready ready = core.Ready();
            applied.AddRange(ready.Committed);
            core.Advance(ready);
        }
        return applied;
    }
}
