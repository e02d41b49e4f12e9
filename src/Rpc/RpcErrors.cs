using Grpc.Core;
using Skep.Model;

namespace Skep.Rpc;

/// <summary><see cref="ClusterException"/> on the wire and back.</summary>
public static class RpcErrors
{
    public static RpcException ToRpc(this ClusterException error) => new(new Status((StatusCode)error.Kind.ToGrpcStatus(), error.Message));

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
