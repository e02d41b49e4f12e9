using Skep.Raft;

namespace Skep.Manager.Leadership;

/// <summary>What a leader does about one member of its group.</summary>
public enum MemberAction
{
    Keep,

    /// <summary>The learner votes from now on.</summary>
    Promote,

    Remove,

    /// <summary>It is the leader itself: another one is to remove it.</summary>
    HandOver,

    /// <summary>It is to go, but the quorum would be lost without it.</summary>
    Wait,
}

/// <param name="Reason">For the log; empty when there is nothing to tell.</param>
public readonly record struct MemberDecision(MemberAction Action, string Reason)
{
    /// <summary>
    /// A learner that says nothing for so long is taken out again. It costs no quorum, but the log keeps what it lacks, and a manager that is none is better seen.
    /// Longer than a machine takes to start again, shorter than an operator looks at a join that went wrong.
    /// </summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(3);

    /// <summary>Pure: all it goes by is handed in.</summary>
    /// <param name="node">The member's node; null: it was removed from the cluster.</param>
    /// <param name="silence">How long this leader has not heard the member.</param>
    public static MemberDecision Of(RaftMember member, Node? node, RaftStatus status, TimeSpan silence)
    {
        PeerStatus? peer = status.Peers.FirstOrDefault(p => p.Id == member.Id);
        if (node is { IsToBeManager: true })
        {
            return member.IsVoter ? new MemberDecision(MemberAction.Keep, "")
                : peer?.IsReadyToVote(status.Commit) == true ? new MemberDecision(MemberAction.Promote, "it has caught up")
                : silence >= LongestSilence ? new MemberDecision(MemberAction.Remove, $"{member.Address} was not heard for {silence.TotalMinutes:0} minutes, and it does not vote yet")
                : new MemberDecision(MemberAction.Keep, "");
        }

        string reason = node is null ? "its node was removed" : "it is demoted";
        if (!member.IsVoter)
        {
            return new MemberDecision(MemberAction.Remove, reason);
        }

        var votes = new QuorumState(status.Peers.Count(p => p.IsVoter && p.Answers), status.Membership.Voters.Count());
        if (votes.Voters == 1)
        {
            return new MemberDecision(MemberAction.Keep, ""); // The last manager cannot go; Control refuses to ask for it.
        }

        return votes.ObjectionTo(votes.Without(peer?.Answers == true)) is { } objection
            ? new MemberDecision(MemberAction.Wait, $"{reason}, and stays until the quorum can do without it: {objection}")
            : new MemberDecision(member.Id == status.Id ? MemberAction.HandOver : MemberAction.Remove, reason);
    }
}
