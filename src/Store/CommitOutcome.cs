namespace Skep.Store;

/// <summary>What became of a batch when it was applied; the same on every replica.</summary>
public abstract record CommitOutcome
{
    private CommitOutcome()
    {
    }

    /// <summary>All of it happened. The objects written have this index as their version.</summary>
    public sealed record Committed(ulong Index) : CommitOutcome;

    /// <summary>Nothing happened: an object is not the version the batch was made from. Look again and plan anew.</summary>
    /// <param name="Expected"><see cref="ObjectVersion.None"/>: it should not have existed.</param>
    public sealed record Conflict(ObjectRef Object, ObjectVersion Expected, ObjectVersion Found) : CommitOutcome;

    /// <summary>Nothing happened: an object of the batch claims a text that <paramref name="Holder"/> has.</summary>
    public sealed record UniqueKeyTaken(string UniqueKey, ObjectRef Claimant, ObjectRef Holder) : CommitOutcome;

    /// <summary>Nothing happened: an object the batch names is gone.</summary>
    public sealed record Missing(ObjectRef Object) : CommitOutcome;

    /// <summary>Nothing happened, and nothing will however often it is tried: the entry cannot be read, or is too large to be one.</summary>
    public sealed record Refused(string Reason) : CommitOutcome;

    public bool IsCommitted => this is Committed;

    /// <summary>Why nothing happened, for people; empty when it did.</summary>
    public string Describe() => this switch
    {
        Conflict c => $"{c.Object} has changed meanwhile",
        UniqueKeyTaken taken => $"{taken.UniqueKey} of {taken.Claimant} is taken by {taken.Holder}",
        Missing gone => $"{gone.Object} is gone",
        Refused refused => refused.Reason,
        _ => "",
    };
}
