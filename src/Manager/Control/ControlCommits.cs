namespace Skep.Manager.Control;

/// <summary>What an operation decided: changes to commit together, and the answer if they are.</summary>
internal sealed record ControlPlan<T>(ValueList<StoreChange> Changes, T Answer);

/// <summary>Plans against a fresh view and commits; plans again when something else changed in between.</summary>
internal sealed class ControlCommits(ClusterStore store)
{
    // Each retry means that another write went through; so many in a row is a storm, not bad luck.
    private const int MaxAttempts = 10;

    /// <param name="taken">What to answer when a unique key belongs to another object.</param>
    /// <exception cref="ClusterException">What <paramref name="plan"/> threw, or the outcome in Docker's words.</exception>
    public async Task<T> CommitAsync<T>(
        Func<StoreView, ControlPlan<T>> plan,
        Func<CommitOutcome.UniqueKeyTaken, StoreView, ClusterException> taken,
        CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            StoreView view = await store.ReadAsync(ct);
            ControlPlan<T> decided = plan(view);
            CommitOutcome outcome = await store.CommitAsync(decided.Changes, ct);
            switch (outcome)
            {
                case CommitOutcome.Committed:
                    return decided.Answer;
                case CommitOutcome.UniqueKeyTaken key:
                    throw taken(key, store.View());
                case CommitOutcome.Conflict or CommitOutcome.Missing when attempt < MaxAttempts:
                    // Planning anew finds what is missing, or the version that is no longer the request's, and has the right words.
                    continue;
                default:
                    throw new ClusterException(ErrorKind.Unavailable, "the cluster changes too fast for this request; try again");
            }
        }
    }

    public Task<T> CommitAsync<T>(Func<StoreView, ControlPlan<T>> plan, CancellationToken ct)
        => CommitAsync(plan, static (key, _) => new ClusterException(ErrorKind.AlreadyExists, $"{key.UniqueKey} is taken by {key.Holder}"), ct);

    /// <summary>Refuses a version that is not the present one.</summary>
    public static void RequireVersion(IStoredObject present, ulong version)
    {
        if (present.Version.Index != version)
        {
            throw OutOfSequence();
        }
    }

    /// <summary>Refuses a version older than the last change of what people wrote. Addresses and update states the loops wrote since are not the request's concern.</summary>
    /// <remarks>
    /// Docker refuses these too, so there "scale" right after "create" fails now and then. <see cref="Service.SpecVersion"/> is the version before the spec's
    /// change, so every later version of the service has seen the spec.
    /// </remarks>
    public static void RequireSpecVersion(Service present, ulong version)
    {
        if (version <= present.SpecVersion.Index || version > present.Version.Index)
        {
            throw OutOfSequence();
        }
    }

    private static ClusterException OutOfSequence() => new(ErrorKind.OutOfSequence, "update out of sequence");
}
