using System.Diagnostics.Metrics;

namespace Skep.Manager;

/// <summary>Numbers for operators, in base units.</summary>
internal static class ManagerMetrics
{
    private static readonly Meter Meter = new("Skep.Manager");

    private static readonly InstrumentAdvice<double> PassBuckets = new() { HistogramBucketBoundaries = [0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5] };

    private static readonly Histogram<double> Passes = Meter.CreateHistogram(
        "skep.reconciler.pass.duration", "s", "One pass of a reconciler over what was due, without the commit.", tags: null, PassBuckets);

    private static readonly Counter<long> Conflicts = Meter.CreateCounter<long>("skep.reconciler.conflicts", "{batch}", "Plans that met a conflict and were made again.");

    private static readonly Counter<long> BackOffs = Meter.CreateCounter<long>("skep.reconciler.backoffs", "{pause}", "Pauses of a key whose plan was refused or could not be made.");

    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("skep.leader.loop.failures", "{failure}", "Loops that failed and ended this leader's term.");

    private static readonly Counter<long> AssignmentsSent = Meter.CreateCounter<long>("skep.dispatch.assignments.sent", "{assignment}", "Assignments sent to agents, by operation.");

    public static Histogram<double> SchedulerPass { get; } = Meter.CreateHistogram(
        "skep.scheduler.pass.duration", "s", "Choosing nodes for all tasks that waited, without the commit.", tags: null, PassBuckets);

    public static Histogram<double> PlacementDelay { get; } = Meter.CreateHistogram<double>(
        "skep.scheduler.placement.delay", "s", "From the creation of a task until it got its node.");

    /// <summary>Docker's <c>swarm_dispatcher_scheduling_delay_seconds</c> measures the end of it; this is all a user waits for.</summary>
    public static Histogram<double> TaskStart { get; } = Meter.CreateHistogram<double>(
        "skep.dispatch.task.start.duration", "s", "From the creation of a task until its agent reported it running.");

    public static Histogram<double> StatusBatch { get; } = Meter.CreateHistogram(
        "skep.dispatch.status.commit.duration", "s", "Storing a batch of what agents reported.", tags: null, PassBuckets);

    public static UpDownCounter<int> Sessions { get; } = Meter.CreateUpDownCounter<int>("skep.dispatch.sessions", "{session}", "Agents connected to this manager.");

    public static Counter<long> SetsDiffer { get; } = Meter.CreateCounter<long>("skep.dispatch.resyncs", "{resync}", "Times an agent's assignments were sent whole again because the checksums differed.");

    public static void Reconciled(string reconciler, TimeSpan took) => Passes.Record(took.TotalSeconds, new KeyValuePair<string, object?>("reconciler", reconciler));

    public static void Conflicted(string reconciler) => Conflicts.Add(1, new KeyValuePair<string, object?>("reconciler", reconciler));

    public static void BackedOff(string reconciler) => BackOffs.Add(1, new KeyValuePair<string, object?>("reconciler", reconciler));

    public static void LoopFailed(string loop) => Failures.Add(1, new KeyValuePair<string, object?>("loop", loop));

    public static void Sent(int puts, int removes)
    {
        AssignmentsSent.Add(puts, new KeyValuePair<string, object?>("operation", "put"));
        AssignmentsSent.Add(removes, new KeyValuePair<string, object?>("operation", "remove"));
    }
}
