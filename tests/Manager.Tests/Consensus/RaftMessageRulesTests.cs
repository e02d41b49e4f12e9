using System.Collections.Immutable;
using Skep.Manager.Consensus;
using Skep.Model;
using Skep.Raft;
using Skep.Rpc.Security;

namespace Skep.Manager.Tests.Consensus;

public sealed class RaftMessageRulesTests
{
    private static readonly PeerIdentity Sender = new(new NodeId("n2"), NodeRole.Manager, new ClusterId("c"));

    [Theory]
    [InlineData(MessageKind.Append)]
    [InlineData(MessageKind.Vote)]
    [InlineData(MessageKind.Propose)]
    [InlineData(MessageKind.Snapshot)]
    public void A_member_speaks_for_itself(MessageKind kind) => RaftMessageRules.Check(new Message(kind, 2, 1, 7), Sender, Status(7));

    [Theory]
    [InlineData(MessageKind.Append)]
    [InlineData(MessageKind.VoteResponse)]
    [InlineData(MessageKind.TimeoutNow)]
    public void Nobody_speaks_for_another_member(MessageKind kind)
        => Assert.Equal(ErrorKind.PermissionDenied, Assert.Throws<ClusterException>(() => RaftMessageRules.Check(new Message(kind, 3, 1, 7), Sender, Status(7))).Kind);

    [Theory]
    [InlineData(MessageKind.Append, true)] // it may lead: this member may have been away
    [InlineData(MessageKind.Vote, true)]
    [InlineData(MessageKind.Propose, false)]
    [InlineData(MessageKind.ReadIndex, false)]
    public void Who_is_no_member_asks_the_leader_for_nothing(MessageKind kind, bool isHeard)
    {
        Exception? refused = Record.Exception(() => RaftMessageRules.Check(new Message(kind, 9, 1, 7), Sender, Status(7)));
        Assert.Equal(isHeard, refused is null);
    }

    [Theory]
    [InlineData(8UL, true)]
    [InlineData(7UL + (1UL << 32), true)]
    [InlineData(8UL + (1UL << 32), false)]
    [InlineData(ulong.MaxValue, false)]
    [InlineData(0UL, true)]
    public void A_term_cannot_jump_out_of_reach(ulong term, bool isHeard)
        => Assert.Equal(isHeard, Record.Exception(() => RaftMessageRules.Check(new Message(MessageKind.Vote, 2, 1, term), Sender, Status(7))) is null);

    private static RaftStatus Status(ulong term) => new(
        1, RaftRole.Follower, 3, term, 0, 0, 0, 1, 0, 0,
        new Membership([new RaftMember(1, "n1", "n1:2377", true), new RaftMember(2, "n2", "n2:2377", true), new RaftMember(3, "n3", "n3:2377", true)]),
        ImmutableArray<PeerStatus>.Empty);
}
