namespace Skep.Manager.Dispatch;

/// <summary>What a node may say of its tasks; a report is never refused for its words or clock, which are brought within limits instead.</summary>
internal static class TaskReportRules
{
    private const int LongestText = 4 << 10, LongestId = 128, MostPorts = 1024;

    /// <summary>Clocks that are further off than this are not believed. Wrong by hours is common, by decades is a mistake or a lie.</summary>
    private static readonly TimeSpan FurthestClock = TimeSpan.FromDays(365);

    /// <exception cref="ClusterException">InvalidArgument: a state that only managers give.</exception>
    public static TaskReport Checked(TaskReport report, DateTimeOffset now)
    {
        SwarmTaskStatus status = report.Status;
        if (status.State is < TaskState.Accepted or > TaskState.Rejected)
        {
            throw ClusterException.Invalid($"a node does not report state {status.State}");
        }

        return report with
        {
            Status = status with
            {
                Timestamp = (status.Timestamp - now).Duration() <= FurthestClock ? status.Timestamp : now,
                Message = Cut(status.Message, LongestText),
                Error = Cut(status.Error, LongestText),
                Container = status.Container is { } container ? container with { ContainerId = Cut(container.ContainerId, LongestId) } : null,
                Ports = status.Ports.Count <= MostPorts ? status.Ports : [.. status.Ports.Take(MostPorts)],
            },
        };
    }

    /// <summary>Without control characters but line ends and tabs, which errors of programs have.</summary>
    private static string Cut(string text, int longest)
    {
        bool isClean = text.Length <= longest && !text.Any(static c => char.IsControl(c) && c is not ('\n' or '\t'));
        return isClean ? text : string.Concat(text.Take(longest).Select(static c => char.IsControl(c) && c is not ('\n' or '\t') ? '?' : c));
    }
}
