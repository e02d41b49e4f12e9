using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Skep.Raft;

public enum MembershipChangeKind : byte
{
    /// <summary>A new member that receives the log but does not vote.</summary>
    AddLearner = 1,

    /// <summary>A learner becomes a voter.</summary>
    Promote = 2,

    /// <summary>A new member that votes at once; for a group whose availability does not matter yet.</summary>
    AddVoter = 3,

    Remove = 4,

    /// <summary>A member is reached somewhere else from now on.</summary>
    UpdateAddress = 5,
}

/// <summary>A change of exactly one member, so that the quorums before and after always share a member (thesis §4.1).</summary>
/// <param name="Member">The member concerned. Remove and Promote look only at its id; UpdateAddress at id and address.</param>
/// <param name="Context">Opaque bytes of the proposer, found again in the committed entry.</param>
public sealed record MembershipChange(MembershipChangeKind Kind, RaftMember Member, ReadOnlyMemory<byte> Context = default)
{
    /// <summary>The membership after this change, or why it does not fit. The same answer on every member.</summary>
    public bool TryApply(Membership current, out Membership next, [NotNullWhen(false)] out string? refusal)
    {
        RaftMember? present = current.Find(Member.Id);
        string? absent = present is null ? $"{Member.Id:x} is not a member" : null;
        refusal = Member.Id == 0 ? "member id is zero" : Kind switch
        {
            MembershipChangeKind.AddLearner or MembershipChangeKind.AddVoter => present is null ? null : $"{Member.Id:x} is a member already",
            MembershipChangeKind.Promote => absent ?? (present!.IsVoter ? $"{Member.Id:x} is a voter already" : null),
            MembershipChangeKind.Remove => absent ?? (present!.IsVoter && current.Voters.Count() == 1 ? "the last voter cannot be removed" : null),
            MembershipChangeKind.UpdateAddress => absent,
        };
        next = current;
        if (refusal is not null)
        {
            return false;
        }

        IEnumerable<RaftMember> others = current.Members.Where(m => m.Id != Member.Id);
        next = Kind switch
        {
            MembershipChangeKind.AddLearner => new Membership([.. others, Member with { IsVoter = false }]),
            MembershipChangeKind.AddVoter => new Membership([.. others, Member with { IsVoter = true }]),
            MembershipChangeKind.Promote => new Membership([.. others, present! with { IsVoter = true }]),
            MembershipChangeKind.Remove => new Membership(others),
            MembershipChangeKind.UpdateAddress => new Membership([.. others, present! with { Address = Member.Address }]),
        };
        return true;
    }
}
