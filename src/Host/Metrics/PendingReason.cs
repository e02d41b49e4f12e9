namespace Skep.Host.Metrics;

/// <summary>Classes of what the scheduler says of tasks it cannot place, so that the words with their counts do not become series.</summary>
internal static class PendingReason
{
    // The words of the scheduler's filters (Skep.Scheduler.Filters); a test asks each filter.
    private static readonly (string Words, string Class)[] Classes =
    [
        ("insufficient resources", "resources"),
        ("scheduling constraints not satisfied", "constraints"),
        ("missing plugin", "plugin"),
        ("unsupported platform", "platform"),
        ("host-mode port already in use", "port"),
        ("max replicas per node", "max_replicas"),
        ("not available for new tasks", "node_unavailable"),
    ];

    /// <summary>The class of the first filter named, which is the one that refused most nodes.</summary>
    public static string Of(string error)
    {
        if (error.Length == 0)
        {
            return "not_tried";
        }

        string first = error.Split(';')[0];
        return Array.Find(Classes, c => first.Contains(c.Words, StringComparison.Ordinal)).Class ?? "other";
    }
}
