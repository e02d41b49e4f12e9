using System.Diagnostics.Metrics;

namespace Skep.Raft;

/// <summary>Numbers for operators, in base units.</summary>
internal static class RaftMetrics
{
    private static readonly Meter Meter = new("Skep.Raft");

    public static Histogram<double> CommitDuration { get; } =
        Meter.CreateHistogram<double>("skep.raft.commit.duration", "s", "From a proposal until it was applied where it was made.");

    public static Histogram<double> SyncDuration { get; } =
        Meter.CreateHistogram<double>("skep.raft.wal.sync.duration", "s", "One group written to the log and made durable.");

    public static Counter<long> Proposals { get; } = Meter.CreateCounter<long>("skep.raft.proposals", "{proposal}", "Proposals made on this node.");

    public static Counter<long> Dropped { get; } =
        Meter.CreateCounter<long>("skep.raft.messages.dropped", "{message}", "Messages of peers dropped because the loop was behind.");
}
