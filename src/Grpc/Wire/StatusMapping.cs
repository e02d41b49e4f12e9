using System.Net.Sockets;
using System.Security.Authentication;

namespace Grpc.Core.Wire;

/// <summary>Statuses for calls that ended without a <c>grpc-status</c>.</summary>
/// <remarks>Source: grpc/grpc:doc/http-grpc-status-mapping.md and doc/PROTOCOL-HTTP2.md, section Errors.</remarks>
internal static class StatusMapping
{
    public static StatusCode FromHttpStatus(int httpStatus) => httpStatus switch
    {
        400 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    public static StatusCode FromHttp2Error(long errorCode) => errorCode switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM
        0x8 => StatusCode.Cancelled, // CANCEL
        0xb => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };

    /// <summary>What an exception of the HTTP layer means to a client that neither cancelled nor ran into its deadline.</summary>
    public static Status FromException(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is GrpcWireException wire)
                return wire.Status;
            if (e is HttpProtocolException protocol)
            {
                StatusCode code = IsConnectionLoss(protocol) ? StatusCode.Unavailable : FromHttp2Error(protocol.ErrorCode);
                return new Status(code, $"Error in the HTTP/2 stream. {protocol.Message}", exception);
            }
        }

        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is SocketException or IOException or AuthenticationException or HttpRequestException)
                return new Status(StatusCode.Unavailable, $"Error in the connection. {Describe(exception)}", exception);
        }

        return exception is OperationCanceledException
            ? new Status(StatusCode.Cancelled, "Call canceled.", exception)
            : new Status(StatusCode.Internal, $"Error starting or reading gRPC call. {Describe(exception)}", exception);
    }

    // GOAWAY and RST_STREAM come as the same exception type; only the text tells them apart. A wrong guess costs a less fitting code, no more.
    private static bool IsConnectionLoss(HttpProtocolException e) =>
        e.Message.Contains("closed the connection", StringComparison.Ordinal)
        || e.Message.Contains("connection_close", StringComparison.Ordinal);

    private static string Describe(Exception exception)
    {
        string text = $"{exception.GetType().Name}: {exception.Message}";
        for (Exception? inner = exception.InnerException; inner is not null; inner = inner.InnerException)
            text += $" {inner.GetType().Name}: {inner.Message}";
        return text;
    }
}

/// <summary>A breach of the protocol or of a limit, found on this side, with the status it means.</summary>
internal sealed class GrpcWireException(Status status) : Exception(status.Detail)
{
    public Status Status { get; } = status;
}
