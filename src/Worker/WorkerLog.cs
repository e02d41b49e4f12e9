using Microsoft.Extensions.Logging;

namespace Skep.Worker;

/// <summary>Everything this room logs; 4000 to 4999.</summary>
internal static partial class WorkerLog
{
    [LoggerMessage(4001, LogLevel.Warning, "containerd's events broke off ({Reason}); asking again in {Pause}")]
    public static partial void EventStreamBroke(ILogger logger, string reason, TimeSpan pause);

    [LoggerMessage(4002, LogLevel.Information, "containerd's events stand again; {Awaited} processes are watched")]
    public static partial void EventStreamStands(ILogger logger, int awaited);
}
