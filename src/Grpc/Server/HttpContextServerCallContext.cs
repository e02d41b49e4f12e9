using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

internal abstract class HttpContextServerCallContext : ServerCallContext
{
    public abstract HttpContext HttpContext { get; }
}
