using Microsoft.Extensions.Logging;

namespace Skep.Rpc;

/// <summary>What the edge of our gRPC services logs; ids 8000 to 8999.</summary>
internal static partial class RpcLog
{
    [LoggerMessage(8000, LogLevel.Debug, "{Method} refused: {Reason}")]
    public static partial void CallRefused(this ILogger logger, string method, string reason);

    [LoggerMessage(8001, LogLevel.Debug, "{Method}: the caller hung up: {Reason}")]
    public static partial void CallerHungUp(this ILogger logger, string method, string reason);

    [LoggerMessage(8002, LogLevel.Debug, "{Method} given up: this node is stopping")]
    public static partial void CallStopped(this ILogger logger, string method);

    [LoggerMessage(8004, LogLevel.Warning, "{Method} cut off: {Reason}")]
    public static partial void StreamCut(this ILogger logger, string method, string reason);

    [LoggerMessage(8005, LogLevel.Error, "{Method} of a caller who may no longer hold it was not cut off")]
    public static partial void StreamNotCut(this ILogger logger, Exception e, string method);

    [LoggerMessage(8003, LogLevel.Error, "{Method} failed")]
    public static partial void CallFailed(this ILogger logger, Exception error, string method);
}
