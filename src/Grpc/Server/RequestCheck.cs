using System.Globalization;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

/// <summary>Is this a gRPC request at all? What is not gets an HTTP answer.</summary>
internal static class RequestCheck
{
    public static bool Passes(HttpContext httpContext)
    {
        if (!HttpProtocol.IsHttp2(httpContext.Request.Protocol) && !HttpProtocol.IsHttp3(httpContext.Request.Protocol))
            return Refuse(httpContext, StatusCodes.Status426UpgradeRequired, $"Request protocol '{httpContext.Request.Protocol}' is not supported.");
        if (!WireNames.IsGrpcContentType(httpContext.Request.ContentType))
            return Refuse(httpContext, StatusCodes.Status415UnsupportedMediaType, $"Content-Type '{httpContext.Request.ContentType}' is not supported.");
        return true;
    }

    /// <summary>The answer to a method or service nobody serves.</summary>
    public static Task AnswerUnimplemented(HttpContext httpContext, string detail)
    {
        if (Passes(httpContext))
        {
            httpContext.Response.ContentType = WireNames.ContentType;
            SetStatus(httpContext, StatusCode.Unimplemented, detail);
        }

        return Task.CompletedTask;
    }

    private static bool Refuse(HttpContext httpContext, int httpStatus, string detail)
    {
        httpContext.Response.StatusCode = httpStatus;
        if (httpStatus == StatusCodes.Status426UpgradeRequired)
            httpContext.Response.Headers.Upgrade = HttpProtocol.Http2;
        SetStatus(httpContext, StatusCode.Internal, detail);
        return false;
    }

    private static void SetStatus(HttpContext httpContext, StatusCode code, string detail)
    {
        httpContext.Response.Headers[WireNames.Status] = ((int)code).ToString(CultureInfo.InvariantCulture);
        httpContext.Response.Headers[WireNames.Message] = PercentEncoding.Encode(detail);
    }
}
