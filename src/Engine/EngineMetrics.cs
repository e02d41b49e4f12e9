using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Skep.Engine;

/// <summary>Numbers for operators, in base units.</summary>
internal static class EngineMetrics
{
    private static readonly Meter Meter = new("Skep.Engine");

    private static readonly Histogram<double> Fetches = Meter.CreateHistogram(
        "skep.worker.image.fetch.duration", // older than the room: dashboards ask for it
        "s",
        "Fetching and unpacking one image, by where it came from and whether it did.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300] });

    public static ActivitySource Traces { get; } = new("Skep.Engine");

    /// <param name="source">peer or registry.</param>
    public static void ImageFetched(string source, bool succeeded, TimeSpan took)
        => Fetches.Record(took.TotalSeconds, new("source", source), new("result", succeeded ? "done" : "failed"));
}
