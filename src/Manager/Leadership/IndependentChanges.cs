using Microsoft.Extensions.Logging;

namespace Skep.Manager.Leadership;

/// <summary>Commits many changes that have nothing to do with each other.</summary>
internal static class IndependentChanges
{
    /// <summary>What meets a conflict is left to the caller's next look at the store, whose watch has the other writer's change already; what is refused for good is logged and holds up nothing.</summary>
    /// <returns>Whether all were committed.</returns>
    public static async ValueTask<bool> CommitAllAsync(this ClusterStore store, string loop, IReadOnlyList<StoreChange> changes, ILogger logger, CancellationToken ct)
    {
        IReadOnlyList<CommitOutcome> outcomes = await store.CommitEachAsync([.. changes.Select(static c => new[] { c })], ct).ConfigureAwait(false);
        bool all = true;
        for (int i = 0; i < changes.Count; i++)
        {
            all &= outcomes[i].IsCommitted;
            if (outcomes[i] is CommitOutcome.Refused or CommitOutcome.UniqueKeyTaken)
            {
                logger.ChangeRefused(loop, $"{changes[i].Target}", outcomes[i].Describe());
            }
        }

        return all;
    }
}
