using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server;

internal static partial class GrpcLog
{
    [LoggerMessage(7000, LogLevel.Error, "Handler of {Method} threw.")]
    public static partial void HandlerThrew(ILogger logger, string method, Exception exception);

    [LoggerMessage(7001, LogLevel.Debug, "Call of {Method} ended with {StatusCode}: {Detail}")]
    public static partial void CallEnded(ILogger logger, string method, Grpc.Core.StatusCode statusCode, string detail);

    [LoggerMessage(7002, LogLevel.Debug, "Client of {Method} went away.")]
    public static partial void ClientGone(ILogger logger, string method);

    [LoggerMessage(7003, LogLevel.Warning, "Trailer {Key} of {Method} is not printable ASCII and was left out; use a -bin key.")]
    public static partial void IllegalTrailer(ILogger logger, string key, string method);

    [LoggerMessage(7004, LogLevel.Debug, "Deadline of {Method} passed.")]
    public static partial void DeadlinePassed(ILogger logger, string method);
}
