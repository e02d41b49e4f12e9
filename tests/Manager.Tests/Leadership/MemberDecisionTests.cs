using Skep.Manager.Leadership;
using Skep.Model;
using Skep.Raft;

namespace Skep.Manager.Tests.Leadership;

/// <summary>What a leader does about each member: a table, since it is pure.</summary>
public sealed class MemberDecisionTests
{
    private const ulong Self = 1, Commit = 500, Added = 480;

    private static readonly RaftMember Learner = new(9, "n9", "10.0.0.9:2377", IsVoter: false);

    public static TheoryData<string, PeerStatus?, double, MemberAction> Learners => new()
    {
        { "new, nobody heard it yet", Peer() with { Answers = false }, 0, MemberAction.Keep },
        { "it has answered, but before its own addition", Peer(match: Added - 1), 0, MemberAction.Keep },
        { "it is sent a snapshot", Peer() with { State = ReplicationState.Snapshot }, 0, MemberAction.Keep },
        { "its place in the log is looked for", Peer() with { State = ReplicationState.Probe }, 0, MemberAction.Keep },
        { "it has not answered since the last check", Peer() with { RecentlyActive = false }, 0, MemberAction.Keep },
        { "too far behind", Peer(match: Commit - 65) with { Since = 2 }, 0, MemberAction.Keep },
        { "behind by a few", Peer(match: Commit - 10), 0, MemberAction.Promote },
        { "at the commit index", Peer(), 0, MemberAction.Promote },
        { "silent for a while", Peer() with { Answers = false }, 179, MemberAction.Keep },
        { "silent for too long", Peer() with { Answers = false }, 180, MemberAction.Remove },
        { "the leader has nothing of it", null, 0, MemberAction.Keep },
    };

    [Theory]
    [MemberData(nameof(Learners))]
    public void Learners_vote_when_they_are_there_and_go_when_they_never_come(string state, PeerStatus? peer, double silentSeconds, MemberAction expected)
    {
        RaftStatus status = Status([Voter(1, true)], Learner, peer);
        MemberDecision decision = MemberDecision.Of(Learner, Manager(NodeRole.Manager), status, TimeSpan.FromSeconds(silentSeconds));
        Assert.True(expected == decision.Action, $"{state}: {decision}");
    }

    [Fact]
    public void A_learner_dropped_for_its_silence_is_told_by_its_address()
        => Assert.Equal(
            "10.0.0.9:2377 was not heard for 3 minutes, and it does not vote yet",
            MemberDecision.Of(Learner, Manager(NodeRole.Manager), Status([Voter(1, true)], Learner, Peer() with { Answers = false }), MemberDecision.LongestSilence).Reason);

    [Theory]
    [InlineData(true, true, true, MemberAction.Remove)]
    [InlineData(true, true, false, MemberAction.Wait)]
    [InlineData(true, false, true, MemberAction.Remove)]
    public void A_demoted_voter_goes_when_the_quorum_can_do_without_it(bool first, bool demoted, bool third, MemberAction expected)
    {
        RaftStatus status = Status([Voter(1, first), Voter(2, demoted), Voter(3, third)]);
        MemberDecision decision = MemberDecision.Of(status.Membership.Find(2)!, Manager(NodeRole.Worker, "n2"), status, TimeSpan.Zero);
        Assert.Equal(expected, decision.Action);
        Assert.Equal(
            expected == MemberAction.Wait ? "it is demoted, and stays until the quorum can do without it: 2 of 3 managers answer; after this 1 of 2 would, and 2 are needed" : "it is demoted",
            decision.Reason);
    }

    [Fact]
    public void A_demoted_leader_hands_over_and_the_last_one_stays()
    {
        RaftStatus three = Status([Voter(1, true), Voter(2, true), Voter(3, true)]), alone = Status([Voter(1, true)]);
        Assert.Equal(MemberAction.HandOver, MemberDecision.Of(three.Membership.Find(Self)!, Manager(NodeRole.Worker, "n1"), three, TimeSpan.Zero).Action);
        Assert.Equal(MemberAction.Keep, MemberDecision.Of(alone.Membership.Find(Self)!, null, alone, TimeSpan.Zero).Action);
    }

    [Fact]
    public void A_member_whose_node_is_gone_goes()
    {
        RaftStatus status = Status([Voter(1, true)], Learner, Peer());
        Assert.Equal(new MemberDecision(MemberAction.Remove, "its node was removed"), MemberDecision.Of(Learner, null, status, TimeSpan.Zero));
    }

    private static PeerStatus Peer(ulong match = Commit)
        => new(Learner.Id, ReplicationState.Replicate, match, match + 1, RecentlyActive: true, IsVoter: false, Inflight: 0) { Answers = true, Since = Added };

    private static PeerStatus Voter(ulong id, bool answers)
        => new(id, ReplicationState.Replicate, Commit, Commit + 1, answers, IsVoter: true, Inflight: 0) { Answers = answers, Since = 1 };

    private static RaftStatus Status(PeerStatus[] voters, RaftMember? learner = null, PeerStatus? peer = null) => new(
        Self, RaftRole.Leader, Self, 3, Self, Commit, Commit, 1, Commit, 0,
        new Membership([.. voters.Select(v => new RaftMember(v.Id, $"n{v.Id}", $"10.0.0.{v.Id}:2377", IsVoter: true)), .. learner is null ? (RaftMember[])[] : [learner]]),
        [.. voters, .. peer is null ? (PeerStatus[])[] : [peer]]);

    private static Node Manager(NodeRole wanted, string id = "n9") => new(new NodeId(id)) { Spec = new NodeSpec(Annotations.Unnamed) { DesiredRole = wanted } };
}
