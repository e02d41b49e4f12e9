using Grpc.Core;
using Skep.Model;

namespace Skep.Rpc;

/// <summary><see cref="ClusterException"/> on the wire and back.</summary>
public static class RpcErrors
{
    /// <summary>Characters; each may take nine bytes of a header, of which clients take 64 KiB.</summary>
    private const int LongestDetail = 4096;

    public static RpcException ToRpc(this ClusterException error) => new(new Status((StatusCode)error.Kind.ToGrpcStatus(), Cut(error.Message)));

    /// <summary>It travels as a header, and one too long breaks the connection of whoever gets it.</summary>
    private static string Cut(string detail) => detail.Length <= LongestDetail ? detail : detail[..LongestDetail] + "…";

    public static ClusterException ToCluster(this RpcException error) => new(
        error.StatusCode switch
        {
            StatusCode.InvalidArgument => ErrorKind.InvalidArgument,
            StatusCode.FailedPrecondition => ErrorKind.FailedPrecondition,
            StatusCode.Unauthenticated => ErrorKind.Unauthenticated,
            StatusCode.PermissionDenied => ErrorKind.PermissionDenied,
            StatusCode.NotFound => ErrorKind.NotFound,
            StatusCode.AlreadyExists => ErrorKind.AlreadyExists,
            StatusCode.Unimplemented => ErrorKind.NotImplemented,
            StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => ErrorKind.Unavailable,
            _ => ErrorKind.Internal,
        },
        error.Status.Detail,
        error);
}
