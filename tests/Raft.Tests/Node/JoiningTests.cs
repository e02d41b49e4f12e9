namespace Skep.Raft.Tests;

/// <summary>No change of the membership takes the quorum away: not a newcomer nobody ever heard, not a removal at the wrong time.</summary>
public sealed class JoiningTests
{
    [Fact]
    public void A_newcomer_that_was_never_heard_does_not_vote()
    {
        using TestGroup group = TestGroup.Of(1);
        group.Finish(AddLearner(group.Leader!.Node!, 2)); // Nobody is there.
        Assert.False(PeerOf(group, 2).IsReadyToVote(group.Leader!.Node!.Status.Commit));

        Assert.Equal("1 of 1 manager answers; after this 1 of 2 would, and 2 are needed", Refusal(group, MembershipChangeKind.Promote, 2));

        group.Tick(50);
        Assert.False(PeerOf(group, 2).Answers);
        group.Finish(TestGroup.Propose(group.Leader!, "still decides"));
        group.Finish(Change(group.Leader!.Node!, MembershipChangeKind.Remove, 2));
    }

    [Fact]
    public void A_newcomer_is_ready_when_it_holds_its_own_addition()
    {
        using TestGroup group = TestGroup.Of(1);
        group.Finish(TestGroup.Propose(group.Leader!, "before"));
        group.Start(2, RaftStart.Join);
        group.CutOff.Add(2);
        group.Finish(AddLearner(group.Leader!.Node!, 2));
        ulong added = group.Leader!.Node!.Status.LastIndex;
        group.Tick(3);
        Assert.Equal((added, false), (PeerOf(group, 2).Since, PeerOf(group, 2).IsReadyToVote(added)));

        group.CutOff.Clear();
        group.Until(() => PeerOf(group, 2).IsReadyToVote(group.Leader!.Node!.Status.Commit), "a learner that is ready");
        Assert.InRange(PeerOf(group, 2).Match, added, ulong.MaxValue);
        group.Finish(Change(group.Leader!.Node!, MembershipChangeKind.Promote, 2));
        Assert.Equal(2, group.Leader!.Members.Voters.Count());
    }

    [Fact]
    public void A_learner_that_was_ready_and_fell_silent_is_ready_no_more()
    {
        using TestGroup group = TestGroup.Of(1);
        group.Start(2, RaftStart.Join);
        group.Finish(AddLearner(group.Leader!.Node!, 2));
        group.Until(() => PeerOf(group, 2).IsReadyToVote(group.Leader!.Node!.Status.Commit), "a learner that is ready");

        group.CutOff.Add(2);
        group.Tick(30);
        Assert.False(PeerOf(group, 2).IsReadyToVote(group.Leader!.Node!.Status.Commit));
        Assert.StartsWith("1 of 1 manager answers", Refusal(group, MembershipChangeKind.Promote, 2), StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_leader_asks_for_an_answer_of_its_own()
    {
        using TestGroup group = TestGroup.Of(3);
        group.Finish(AddLearner(group.Leader!.Node!, 4)); // Nobody is there.
        ulong old = group.Leader!.Id;
        group.Finish(group.Leader!.Node!.TransferLeadershipAsync(0, CancellationToken.None));
        group.Until(() => group.Leader is { } leader && leader.Id != old, "another leader");

        Assert.False(PeerOf(group, 4).IsReadyToVote(group.Leader!.Node!.Status.Commit));
        group.Finish(TestGroup.Propose(group.Leader!, "goes on"));
    }

    [Fact]
    public void A_voter_the_quorum_needs_is_not_removed_and_a_silent_one_is()
    {
        using TestGroup group = TestGroup.Of(3);
        ulong[] others = [.. group.Running.Where(n => n != group.Leader).Select(n => n.Id)];
        group.CutOff.Add(others[0]);
        group.Until(() => !PeerOf(group, others[0]).Answers, "silence");

        const string Needed = "2 of 3 managers answer; after this 1 of 2 would, and 2 are needed";
        Assert.Equal(Needed, Refusal(group, MembershipChangeKind.Remove, others[1]));
        Assert.Equal(Needed, Refusal(group, MembershipChangeKind.Remove, group.Leader!.Id));

        group.Finish(Change(group.Leader!.Node!, MembershipChangeKind.Remove, others[0]));
        group.Finish(Change(group.Leader!.Node!, MembershipChangeKind.Remove, others[1]));
        group.Finish(TestGroup.Propose(group.Leader!, "alone"));
    }

    [Fact]
    public void A_check_of_the_quorum_makes_nobody_silent()
    {
        using TestGroup group = TestGroup.Of(3);
        for (int tick = 0; tick < 30; tick++)
        {
            group.Time.Advance(TimeSpan.FromMilliseconds(100));
            RaftNode leader = group.Leader!.Node!;
            leader.TickDue();
            leader.Pump(); // The others have not answered this tick's heartbeat yet.
            Assert.All(leader.Status.Peers, p => Assert.True(p.Answers));
            group.Settle();
        }
    }

    [Fact]
    public void What_a_follower_passes_on_is_judged_by_the_leader()
    {
        using TestGroup group = TestGroup.Of(3);
        ulong[] others = [.. group.Running.Where(n => n != group.Leader).Select(n => n.Id)];
        group.CutOff.Add(others[0]);
        group.Until(() => !PeerOf(group, others[0]).Answers, "silence");

        Task asked = Change(group[others[1]].Node!, MembershipChangeKind.Remove, others[1]);
        group.Until(() => asked.IsCompleted, "an answer");
        Assert.IsType<RaftUnavailableException>(asked.Exception!.InnerException);
        Assert.Equal(3, group.Leader!.Members.Voters.Count());
        group.Finish(TestGroup.Propose(group.Leader!, "still decides"));
    }

    private static PeerStatus PeerOf(TestGroup group, ulong id) => group.Leader!.Node!.Status.Peers.First(p => p.Id == id);

    private static Task AddLearner(RaftNode node, ulong id) => Change(node, MembershipChangeKind.AddLearner, id);

    private static Task Change(RaftNode node, MembershipChangeKind kind, ulong id)
        => node.ChangeMembershipAsync(new MembershipChange(kind, new RaftMember(id, $"n{id}", $"host{id}:1", IsVoter: false)), CancellationToken.None);

    private static string Refusal(TestGroup group, MembershipChangeKind kind, ulong id)
    {
        Task asked = Change(group.Leader!.Node!, kind, id);
        group.Until(() => asked.IsCompleted, "a refusal");
        return Assert.IsType<MembershipRefusedException>(asked.Exception!.InnerException).Message;
    }
}
