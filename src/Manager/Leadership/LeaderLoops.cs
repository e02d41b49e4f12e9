using Microsoft.Extensions.Logging;

namespace Skep.Manager.Leadership;

/// <summary>The loops of orchestration, in one list: a new loop is one line here.</summary>
internal static class LeaderLoops
{
    public static IReadOnlyList<ILeaderLoop> All(ClusterStore store, TimeProvider time, IdSource ids, Random random, ILoggerFactory loggers) => [];
}
