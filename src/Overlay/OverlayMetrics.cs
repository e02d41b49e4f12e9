using System.Diagnostics.Metrics;

namespace Skep.Overlay;

/// <summary>Numbers for operators, in base units.</summary>
internal static class OverlayMetrics
{
    private static readonly Meter Meter = new("Skep.Overlay");

    public static Histogram<double> ApplyDuration { get; } = Meter.CreateHistogram(
        "skep.network.programming.duration",
        "s",
        "From a new desired network until the kernel has it.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] });

    public static Counter<long> Operations { get; } = Meter.CreateCounter<long>("skep.network.operations", "{operation}", "Changes made to links, routes, neighbours and rules.");

    public static Counter<long> Failures { get; } = Meter.CreateCounter<long>("skep.network.failures", "{failure}", "Times the kernel refused a change and was read anew.");

    /// <summary>Where this node's DNS questions are counted.</summary>
    public static string? DnsCounts { get; set; }

    public static ObservableCounter<long> DnsQuestions { get; } = Meter.CreateObservableCounter(
        "skep.dns.questions",
        static () => (DnsCounts is { } path ? Dns.DnsCounts.Read(path) : []).Select(c => new Measurement<long>(c.Value, new KeyValuePair<string, object?>("outcome", c.Key.ToString().ToLowerInvariant()))),
        "{question}",
        "Names that tasks asked for: known to the cluster, forwarded, failed, refused.");
}
