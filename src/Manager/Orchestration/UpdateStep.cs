namespace Skep.Manager.Orchestration;

/// <summary>How far one slot is in an update.</summary>
/// <param name="Task">The task the update made there.</param>
internal sealed record UpdateStep(Slot Slot, SwarmTask Task)
{
    /// <summary>When the task ran or had ended; null: neither yet.</summary>
    public DateTimeOffset? DecidedAt
    {
        get
        {
            // No clock of a node makes it later than the managers saw it.
            DateTimeOffset? at = Task.RunningSince ?? (Task.IsRunning || Task.HasEnded || !Task.IsWanted ? Task.Status.Timestamp : null);
            return at < Task.CreatedAt ? Task.CreatedAt : at > Task.UpdatedAt && Task.Version != ObjectVersion.None ? Task.UpdatedAt : at;
        }
    }

    /// <summary>When the next slot may begin in its place; null: not known yet.</summary>
    public DateTimeOffset? FreeAt(TimeSpan delay) => DecidedAt + delay;

    /// <summary>It ended by itself before it ran, or too soon after. What was taken from it, its node or its right to run, is no failure.</summary>
    public bool HasFailed(TimeSpan monitor)
        => Task.EndedByItself
            && (Task.RunningSince is not { } since || Task.Status.Timestamp - since <= monitor);
}
