namespace Skep.Raft;

/// <summary>The managers' votes: how many there are, and how many of them answer. All arithmetic on them is here; operators are told in their words, managers.</summary>
/// <param name="Answering">Voters that the leader hears, itself included.</param>
/// <param name="Voters">Learners are none.</param>
public readonly record struct QuorumState(int Answering, int Voters)
{
    public int Needed => (Voters / 2) + 1;

    /// <summary>Whether anything can be decided.</summary>
    public bool Stands => Answering >= Needed;

    /// <summary>When one of the voters is gone.</summary>
    /// <param name="answers">Whether it is one of those that answer.</param>
    public QuorumState Without(bool answers) => new(Answering - (answers ? 1 : 0), Voters - 1);

    /// <summary>When one more votes.</summary>
    public QuorumState With(bool answers) => new(Answering + (answers ? 1 : 0), Voters + 1);

    /// <summary>Why an operator may not bring <paramref name="after"/> about; null: the group can still decide then.</summary>
    public string? ObjectionTo(QuorumState after)
        => after.Stands ? null : $"{this}; after this {after.Answering} of {after.Voters} would, and {after.Needed} {(after.Needed == 1 ? "is" : "are")} needed";

    public override string ToString() => $"{Answering} of {Voters} manager{(Voters == 1 ? " answers" : "s answer")}";
}
