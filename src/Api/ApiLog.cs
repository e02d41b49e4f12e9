using Microsoft.Extensions.Logging;

namespace Skep.Api;

internal static partial class ApiLog
{
    [LoggerMessage(6000, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(this ILogger logger, Exception error, string method, string path);

    [LoggerMessage(6001, LogLevel.Debug, "{Method} {Path} refused with {Status}: {Reason}")]
    public static partial void RequestRefused(this ILogger logger, string method, string path, int status, string reason);

    [LoggerMessage(6002, LogLevel.Debug, "{Method} {Path}: the client hung up: {Reason}")]
    public static partial void ClientHungUp(this ILogger logger, string method, string path, string reason);
}
