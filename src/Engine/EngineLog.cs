using Microsoft.Extensions.Logging;

namespace Skep.Engine;

/// <summary>Everything this room logs; 7000 to 7999.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(7001, LogLevel.Warning, "containerd's events broke off ({Reason}); asking again in {Pause}")]
    public static partial void EventStreamBroke(ILogger logger, string reason, TimeSpan pause);

    [LoggerMessage(7002, LogLevel.Information, "containerd's events stand again; {Awaited} processes are watched")]
    public static partial void EventStreamReconnected(ILogger logger, int awaited);

    [LoggerMessage(7003, LogLevel.Warning, "containerd does not say whether container {Container} still runs ({Reason}); asking again until it does")]
    public static partial void ExitUnknown(ILogger logger, string container, string reason);

    [LoggerMessage(7004, LogLevel.Warning, "an event of containerd was not understood: {Reason}")]
    public static partial void EventNotUnderstood(ILogger logger, string reason);

    [LoggerMessage(7005, LogLevel.Debug, "process {Exec} of container {Container} could not be ended: {Reason}")]
    public static partial void ProcessLeft(ILogger logger, string exec, string container, string reason);

    [LoggerMessage(7020, LogLevel.Warning, "the node's network could not be applied: {Reason}")]
    public static partial void NetworkNotApplied(ILogger logger, string reason);

    [LoggerMessage(7025, LogLevel.Warning, "the output of a health check in {Path} is not bounded: {Reason}")]
    public static partial void ProbeOutputUnbounded(ILogger logger, string path, string reason);

    [LoggerMessage(7030, LogLevel.Error, "standalone container {Container} cannot be seen to: {Reason}; trying again in {Pause}")]
    public static partial void StandaloneFailed(ILogger logger, string container, string reason, TimeSpan pause, Exception exception);

    [LoggerMessage(7031, LogLevel.Warning, "standalone container {Container} was not restarted: {Reason}")]
    public static partial void StandaloneNotRestarted(ILogger logger, string container, string reason);
}
