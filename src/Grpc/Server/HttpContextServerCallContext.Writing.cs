using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

/// <summary>Response headers and messages. Only one write at a time gets in, and none after the end.</summary>
internal sealed partial class HttpContextServerCallContext
{
    private readonly FrameWriter _frames;
    private bool _headersReady;
    private bool _bodyBegun;
    private string? _requestedCoding;

    /// <summary>Writes one message. Without a flush it stays in Kestrel's buffer, to leave together with what follows.</summary>
    public async Task WriteMessageAsync<T>(T message, Action<T, SerializationContext> serializer, WriteFlags flags, bool flush, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(message);
        EnterWrite();
        try
        {
            PrepareHeaders();
            _bodyBegun = true;
            _frames.Write(message, serializer, mayCompress: (flags & WriteFlags.NoCompress) == 0);
            if (flush && (flags & WriteFlags.BufferHint) == 0)
                await FlushAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            await LeaveWriteAsync().ConfigureAwait(false);
        }
    }

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        EnterWrite();
        try
        {
            if (_headersReady)
                throw new InvalidOperationException("Response headers can only be sent once per call.");
            foreach (Metadata.Entry entry in responseHeaders)
            {
                if (string.Equals(entry.Key, WireNames.CompressionRequest, StringComparison.Ordinal))
                    _requestedCoding = entry.Value;
                else if (!MetadataCodec.IsReserved(entry.Key))
                    HttpContext.Response.Headers.Append(entry.Key, MetadataCodec.ToWire(entry));
            }

            PrepareHeaders();
            _bodyBegun = true;
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            await LeaveWriteAsync().ConfigureAwait(false);
        }
    }

    private void PrepareHeaders()
    {
        if (_headersReady)
            return;
        _headersReady = true;
        HttpContext.Response.ContentType = WireNames.ContentType;
        bool wanted = _requestedCoding is null
            ? _settings.GzipByDefault
            : string.Equals(_requestedCoding, WireNames.Gzip, StringComparison.Ordinal);
        if (wanted && ClientAcceptsGzip())
        {
            HttpContext.Response.Headers[WireNames.Encoding] = WireNames.Gzip;
            _frames.Gzip = _settings.GzipLevel;
        }
    }

    private bool ClientAcceptsGzip()
    {
        foreach (string? value in HttpContext.Request.Headers[WireNames.AcceptEncoding])
        {
            foreach (Range part in value.AsSpan().Split(','))
            {
                if (value.AsSpan(part).Trim().Equals(WireNames.Gzip, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }

    private async ValueTask FlushAsync(CancellationToken ct)
    {
        // A flush that waits for the client's window must end with the call, hence the call's own token; Kestrel then resets the stream.
        if (!ct.CanBeCanceled || ct == _token)
        {
            await HttpContext.Response.BodyWriter.FlushAsync(_token).ConfigureAwait(false);
        }
        else
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, _token);
            await HttpContext.Response.BodyWriter.FlushAsync(both.Token).ConfigureAwait(false);
        }

        _token.ThrowIfCancellationRequested();
    }
}
