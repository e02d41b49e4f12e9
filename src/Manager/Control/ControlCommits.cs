namespace Skep.Manager.Control;

/// <summary>What an operation decided: changes to commit together, and the answer if they are.</summary>
internal sealed record ControlPlan<T>(ValueList<StoreChange> Changes, T Answer);

/// <summary>Plans against a fresh view and commits; plans again when something else changed in between.</summary>
internal sealed class ControlCommits(ClusterStore store)
{
    // Each retry means that another write went through; so many in a row is a storm, not bad luck.
    private const int MaxAttempts = 10;

    /// <summary>What this manager has applied.</summary>
    public StoreView View() => store.View();

    /// <param name="taken">What to answer when a unique key belongs to another object.</param>
    /// <exception cref="ClusterException">What <paramref name="plan"/> threw, or the outcome in Docker's words.</exception>
    public Task<T> CommitAsync<T>(
        Func<StoreView, ControlPlan<T>> plan,
        Func<CommitOutcome.UniqueKeyTaken, StoreView, ClusterException> taken,
        CancellationToken ct)
        => CommitAsync(plan, taken, ahead: null, ct);

    /// <summary>
    /// For a plan the store refuses when what it saw is no longer so (versions, unique keys, required objects): made on what this manager has applied, without
    /// a round to the others. What cannot be planned so, or is refused, is decided on a fresh view.
    /// </summary>
    /// <inheritdoc cref="CommitAsync{T}(Func{StoreView, ControlPlan{T}}, Func{CommitOutcome.UniqueKeyTaken, StoreView, ClusterException}, CancellationToken)"/>
    public Task<T> CommitCheckedAsync<T>(
        Func<StoreView, ControlPlan<T>> plan,
        Func<CommitOutcome.UniqueKeyTaken, StoreView, ClusterException> taken,
        CancellationToken ct)
    {
        ControlPlan<T>? ahead;
        try
        {
            ahead = plan(store.View());
        }
        catch (ClusterException)
        {
            // This manager may be behind; the fresh view has the word.
            ahead = null;
        }

        return CommitAsync(plan, taken, ahead, ct);
    }

    private async Task<T> CommitAsync<T>(
        Func<StoreView, ControlPlan<T>> plan,
        Func<CommitOutcome.UniqueKeyTaken, StoreView, ClusterException> taken,
        ControlPlan<T>? ahead,
        CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            ControlPlan<T> decided = ahead ?? plan(await store.ReadAsync(ct));
            ahead = null;
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
