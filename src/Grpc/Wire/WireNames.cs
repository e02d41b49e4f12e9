namespace Grpc.Core.Wire;

/// <summary>Header names and values of the protocol.</summary>
internal static class WireNames
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Identity = "identity";
    public const string Gzip = "gzip";
    public const string AcceptedEncodings = "identity,gzip";

    /// <summary>Metadata key by which callers and handlers ask for compression; never sent. The same key as in C-core and grpc-dotnet.</summary>
    public const string CompressionRequest = "grpc-internal-encoding-request";

    /// <summary>HTTP/2 error codes (RFC 9113 §7).</summary>
    public const int Http2NoError = 0;
    public const int Http2InternalError = 2;
    public const int Http2Cancel = 8;

    /// <summary>Is it <c>application/grpc</c>, possibly with a suffix such as <c>+proto</c> or parameters?</summary>
    public static bool IsGrpcContentType(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');
}
