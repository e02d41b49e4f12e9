namespace Skep.Raft.Tests.Core;

public sealed class QuorumStateTests
{
    /// <summary>Answering and voters now, whether the one that goes answers, and what is said; null: it may go.</summary>
    public static TheoryData<int, int, bool, string?> Leavings => new()
    {
        { 1, 1, true, "1 of 1 manager answers; after this 0 of 0 would, and 1 is needed" },
        { 2, 2, true, null },
        { 1, 2, true, "1 of 2 managers answer; after this 0 of 1 would, and 1 is needed" },
        { 1, 2, false, null },
        { 3, 3, true, null },
        { 2, 3, true, "2 of 3 managers answer; after this 1 of 2 would, and 2 are needed" },
        { 2, 3, false, null },
        { 1, 3, false, "1 of 3 managers answer; after this 1 of 2 would, and 2 are needed" },
        { 3, 4, true, null },
        { 3, 4, false, null },
        { 3, 5, true, "3 of 5 managers answer; after this 2 of 4 would, and 3 are needed" },
        { 3, 5, false, null },
        { 4, 5, true, null },
        { 4, 6, true, null },
        { 4, 7, true, "4 of 7 managers answer; after this 3 of 6 would, and 4 are needed" },
    };

    /// <summary>As above, for one more voter.</summary>
    public static TheoryData<int, int, bool, string?> Comings => new()
    {
        { 1, 1, true, null },
        { 1, 1, false, "1 of 1 manager answers; after this 1 of 2 would, and 2 are needed" },
        { 2, 2, true, null },
        { 2, 2, false, null },
        { 2, 3, true, null },
        { 2, 3, false, "2 of 3 managers answer; after this 2 of 4 would, and 3 are needed" },
        { 3, 3, false, null },
    };

    [Theory]
    [MemberData(nameof(Leavings))]
    public void One_voter_less(int answering, int voters, bool answers, string? objection)
    {
        var now = new QuorumState(answering, voters);
        Assert.Equal(objection, now.ObjectionTo(now.Without(answers)));
    }

    [Theory]
    [MemberData(nameof(Comings))]
    public void One_voter_more(int answering, int voters, bool answers, string? objection)
    {
        var now = new QuorumState(answering, voters);
        Assert.Equal(objection, now.ObjectionTo(now.With(answers)));
    }

    [Fact]
    public void A_learner_that_answers_never_costs_the_quorum_by_voting()
    {
        for (int voters = 1; voters <= 15; voters++)
        {
            for (int answering = (voters / 2) + 1; answering <= voters; answering++)
            {
                Assert.True(new QuorumState(answering, voters).With(answers: true).Stands);
                Assert.True(voters == 1 || answering == voters || new QuorumState(answering, voters).Without(answers: false).Stands);
            }
        }
    }
}
