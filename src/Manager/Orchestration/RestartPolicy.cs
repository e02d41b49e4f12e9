namespace Skep.Manager.Orchestration;

/// <summary>Whether a slot gets another task in place of one that ended, and when that may start.</summary>
/// <param name="NotBefore">Null: at once.</param>
internal readonly record struct RestartDecision(bool Restart, DateTimeOffset? NotBefore);

/// <summary>Decides restarts from the slot's kept tasks alone, so that every leader decides alike.</summary>
/// <remarks>
/// Attempts are counted per spec version: the first task of a version is no restart, each further one is. With a window only those made within it before the
/// task's end count. The reaper keeps enough tasks for that. Source: moby/swarmkit:manager/orchestrator/restart/restart.go.
/// </remarks>
internal static class RestartPolicy
{
    public static RestartDecision Decide(SwarmTask ended, IReadOnlyList<SwarmTask> slot, Node? node, DateTimeOffset now)
    {
        if (!MayRestart(ended, slot))
        {
            return new RestartDecision(false, null);
        }

        // What was lost with its node, or has to leave it, is not to blame: no delay.
        bool isNodeLeft = node is not { MayRunTasks: true } || ended.Status.State == TaskState.Orphaned;
        TimeSpan delay = (ended.Spec.Restart ?? RestartPolicySpec.Default).EffectiveDelay;
        bool isDelayed = delay > TimeSpan.Zero && !(ended.Node is not null && isNodeLeft);
        return new RestartDecision(true, isDelayed ? now + delay : null);
    }

    public static bool MayRestart(SwarmTask ended, IReadOnlyList<SwarmTask> slot)
    {
        RestartPolicySpec policy = ended.Spec.Restart ?? RestartPolicySpec.Default;
        bool isMet = policy.EffectiveCondition switch
        {
            RestartCondition.Any => true,
            RestartCondition.OnFailure => !ended.HasCompleted,
            RestartCondition.None => false,
        };
        return isMet && (policy.MaxAttempts is not { } most || most == 0 || Restarts(ended, slot, policy.Window ?? TimeSpan.Zero) < (long)most);
    }

    private static int Restarts(SwarmTask ended, IReadOnlyList<SwarmTask> slot, TimeSpan window)
    {
        // The agent's clock may be wrong; the end lies between what the managers stamped.
        DateTimeOffset end = ended.Status.Timestamp < ended.CreatedAt ? ended.CreatedAt : ended.Status.Timestamp > ended.UpdatedAt ? ended.UpdatedAt : ended.Status.Timestamp;
        return slot.Where(t => t.SpecVersion == ended.SpecVersion)
            .OrderBy(t => t.CreatedAt).ThenBy(t => t.Id)
            .Skip(1)
            .Count(t => t.CreatedAt <= end && (window <= TimeSpan.Zero || t.CreatedAt >= end - window));
    }
}
