using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Core.Wire;

namespace Grpc.Net.Client;

/// <summary>The HTTP side of a call: request headers out, response headers and status in.</summary>
internal abstract partial class GrpcCall
{
    private static readonly MediaTypeHeaderValue ContentType = new(WireNames.ContentType);

    private HttpRequestMessage BuildRequest(HttpContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _channel.UriOf(_method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        content.Headers.ContentType = ContentType;
        HttpRequestHeaders headers = request.Headers;
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation("user-agent", "grpc-dotnet-sockets/1.0");
        headers.TryAddWithoutValidation(WireNames.AcceptEncoding, WireNames.AcceptedEncodings);
        if (SendsGzip)
            headers.TryAddWithoutValidation(WireNames.Encoding, WireNames.Gzip);
        if (_deadline != DateTimeOffset.MaxValue)
            headers.TryAddWithoutValidation(WireNames.Timeout, GrpcTimeout.Format(_deadline - _channel.Time.GetUtcNow()));
        if (_options.Headers is { Count: > 0 } metadata)
            AddMetadata(headers, metadata);
        return request;
    }

    private static void AddMetadata(HttpRequestHeaders headers, Metadata metadata)
    {
        foreach (Metadata.Entry entry in metadata)
        {
            if (MetadataCodec.IsReserved(entry.Key))
                continue;
            if (!MetadataCodec.IsLegal(entry))
                throw new GrpcWireException(new Status(StatusCode.Internal, $"Metadata '{entry.Key}' is not printable ASCII; use a -bin key."));
            headers.TryAddWithoutValidation(entry.Key, MetadataCodec.ToWire(entry));
        }
    }

    private async Task AcceptAsync(HttpResponseMessage response)
    {
        string? contentType = First(response.Content.Headers, "content-type");
        bool saysStatus = response.Headers.NonValidated.Contains(WireNames.Status);
        if (response.StatusCode != HttpStatusCode.OK && !saysStatus)
        {
            int http = (int)response.StatusCode;
            End(new Status(StatusMapping.FromHttpStatus(http), $"Bad gRPC response. HTTP status code: {http}"), Metadata.Empty);
            return;
        }

        if (response.StatusCode == HttpStatusCode.OK && !WireNames.IsGrpcContentType(contentType))
        {
            End(new Status(StatusCode.Unknown, $"Bad gRPC response. Invalid content-type value: {contentType ?? "(none)"}"), Metadata.Empty);
            return;
        }

        Metadata metadata = Read(response.Headers);
        _headers.TrySetResult(metadata);
        if (saysStatus)
        {
            EndWith(response.Headers, missing: "");
            return;
        }

        string? encoding = First(response.Headers, WireNames.Encoding);
        if (encoding is not (null or WireNames.Identity or WireNames.Gzip))
        {
            End(new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: identity, gzip"), Metadata.Empty);
            return;
        }

        Stream body = await response.Content.ReadAsStreamAsync(Aborted).ConfigureAwait(false);
        _body = PipeReader.Create(body, ReadOptions);
        Frames = new FrameReader(_body, encoding, _channel.MaxReceiveMessageSize);
    }

    private void EndWith(HttpHeaders headers, string missing)
    {
        Metadata metadata = Read(headers);
        string? code = First(headers, WireNames.Status);
        if (code is null)
        {
            End(new Status(StatusCode.Unknown, missing), metadata);
            return;
        }

        string detail = PercentEncoding.Decode(First(headers, WireNames.Message) ?? "");
        bool known = int.TryParse(code, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number);
        End(new Status(known && number <= (int)StatusCode.Unauthenticated ? (StatusCode)number : StatusCode.Unknown, detail), metadata);
    }

    private static Metadata Read(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            foreach (string value in values)
                MetadataCodec.Add(metadata, name, value);
        }

        return metadata.Freeze();
    }

    private static string? First(HttpHeaders headers, string name)
    {
        if (!headers.NonValidated.TryGetValues(name, out HeaderStringValues values))
            return null;
        foreach (string value in values)
            return value;
        return null;
    }
}
