using System.Diagnostics.Metrics;

namespace Skep.Raft;

/// <summary>Numbers for operators, in base units.</summary>
internal static class RaftMetrics
{
    private static readonly Meter Meter = new("Skep.Raft");

    // From a fast disk's flush to an election.
    private static readonly InstrumentAdvice<double> Latencies = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] };

    public static Histogram<double> CommitDuration { get; } = Meter.CreateHistogram(
        "skep.raft.commit.duration", "s", "From a proposal until it was applied where it was made.", tags: null, Latencies);

    public static Histogram<double> SyncDuration { get; } = Meter.CreateHistogram(
        "skep.raft.wal.sync.duration", "s", "One group written to the log and made durable.", tags: null, Latencies);

    public static Counter<long> Proposals { get; } = Meter.CreateCounter<long>("skep.raft.proposals", "{proposal}", "Proposals made on this node.");

    public static Counter<long> Dropped { get; } =
        Meter.CreateCounter<long>("skep.raft.messages.dropped", "{message}", "Messages of peers dropped because the loop was behind.");

    public static Counter<long> LeaderChanges { get; } =
        Meter.CreateCounter<long>("skep.raft.leader.changes", "{change}", "Times this member saw another leader, or none.");

    public static Counter<long> Snapshots { get; } = Meter.CreateCounter<long>("skep.raft.snapshots.written", "{snapshot}", "Snapshots this member wrote.");
}
