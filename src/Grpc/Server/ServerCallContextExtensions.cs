using Microsoft.AspNetCore.Http;

namespace Grpc.Core;

/// <summary>From a call to the HTTP request that carries it.</summary>
public static class ServerCallContextExtensions
{
    /// <summary>The request; with it the connection, its client certificate, and the user.</summary>
    public static HttpContext GetHttpContext(this ServerCallContext serverCallContext) =>
        serverCallContext is Grpc.AspNetCore.Server.HttpContextServerCallContext call
            ? call.HttpContext
            : throw new InvalidOperationException("Could not get HttpContext from ServerCallContext: the call is not served over HTTP.");
}
