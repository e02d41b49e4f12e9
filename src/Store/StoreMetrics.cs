using System.Diagnostics.Metrics;

namespace Skep.Store;

/// <summary>Numbers for operators, in base units.</summary>
internal static class StoreMetrics
{
    private static readonly Meter Meter = new("Skep.Store");

    /// <summary>By <c>outcome</c>: committed, conflict, key_taken, missing or refused. The same on every replica.</summary>
    private static readonly Counter<long> Batches = Meter.CreateCounter<long>("skep.store.batches", "{batch}", "Batches applied, by what became of them.");

    private static readonly Counter<long> Resyncs = Meter.CreateCounter<long>("skep.store.watch.resyncs", "{resync}", "Watchers that fell behind or met a snapshot and read everything again.");

    public static void Applied(CommitOutcome outcome)
    {
        if (Batches.Enabled)
        {
            string name = outcome switch
            {
                CommitOutcome.Committed => "committed",
                CommitOutcome.Conflict => "conflict",
                CommitOutcome.UniqueKeyTaken => "key_taken",
                CommitOutcome.Missing => "missing",
                _ => "refused",
            };
            Batches.Add(1, new KeyValuePair<string, object?>("outcome", name));
        }
    }

    public static void Resynced() => Resyncs.Add(1);
}
