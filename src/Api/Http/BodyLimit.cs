using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Skep.Api.Http;

internal static class BodyLimit
{
    /// <summary>For bodies that are read into memory; streams, of images and archives, have no limit. To be called before the body is read.</summary>
    public static void LimitBody(this HttpContext http, long bytes)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bytes;
        }
    }
}
