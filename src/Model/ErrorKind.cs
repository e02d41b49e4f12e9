namespace Skep.Model;

/// <summary>Why a request could not be served. The only table of what each kind is on the wire.</summary>
public enum ErrorKind
{
    InvalidArgument,
    FailedPrecondition,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,

    /// <summary>The version given is not the present one. Docker answers 500 here; kept.</summary>
    OutOfSequence,
    NotImplemented,
    Unavailable,
    Internal,
}

/// <summary>The numbers of <see cref="ErrorKind"/> on gRPC and HTTP.</summary>
/// <remarks>Source: grpc/grpc:doc/statuscodes.md; moby/moby:daemon/server/httpstatus/status.go.</remarks>
public static class ErrorKinds
{
    public static int ToHttpStatus(this ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => 400,
        ErrorKind.FailedPrecondition => 400,
        ErrorKind.Unauthenticated => 401,
        ErrorKind.PermissionDenied => 403,
        ErrorKind.NotFound => 404,
        ErrorKind.AlreadyExists => 409,
        ErrorKind.OutOfSequence => 500,
        ErrorKind.NotImplemented => 501,
        ErrorKind.Unavailable => 503,
        ErrorKind.Internal => 500,
    };

    /// <summary>The number of gRPC's StatusCode.</summary>
    public static int ToGrpcStatus(this ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => 3,
        ErrorKind.FailedPrecondition => 9,
        ErrorKind.Unauthenticated => 16,
        ErrorKind.PermissionDenied => 7,
        ErrorKind.NotFound => 5,
        ErrorKind.AlreadyExists => 6,
        ErrorKind.OutOfSequence => 2,
        ErrorKind.NotImplemented => 12,
        ErrorKind.Unavailable => 14,
        ErrorKind.Internal => 13,
    };
}

/// <summary>A request that cannot be served; the message is for the user and names the field and the fix.</summary>
public sealed class ClusterException(ErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public ErrorKind Kind { get; } = kind;

    public static ClusterException Invalid(string message) => new(ErrorKind.InvalidArgument, message);

    public static ClusterException NotFound(string what, string name) => new(ErrorKind.NotFound, $"{what} {name} not found");
}
