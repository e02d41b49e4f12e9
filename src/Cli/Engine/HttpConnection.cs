using System.Globalization;
using System.Net;
using System.Text;

namespace Skep.Cli.Engine;

/// <summary>HTTP/1.1 on one connection, one request at a time.</summary>
/// <remarks>Source: RFC 9112. .NET's own client would do, but costs more to start than all the rest of a short command.</remarks>
internal sealed class HttpConnection(EngineConnection connection, Action<HttpConnection> release) : IDisposable
{
    private const int LargestHead = 64 * 1024;

    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    public EngineConnection Raw => connection;

    /// <summary>Sends a request and reads the head of its answer.</summary>
    /// <exception cref="IOException">The other side is gone or speaks something else.</exception>
    public async Task<EngineReply> SendAsync(string method, string target, string host, IEnumerable<(string Name, string Value)> headers, EngineBody? body, CancellationToken cancellation)
    {
        StringBuilder head = new();
        head.Append(method).Append(' ').Append(target).Append(" HTTP/1.1\r\nHost: ").Append(host).Append("\r\nUser-Agent: skep/").Append(ProductVersion.Text).Append("\r\n");
        foreach ((string name, string value) in headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (body is not null)
        {
            head.Append("Content-Type: ").Append(body.ContentType).Append("\r\n");
        }

        if (body is { Length: null })
        {
            head.Append("Transfer-Encoding: chunked\r\n");
        }
        else if (body is not null || method is "POST" or "PUT")
        {
            head.Append("Content-Length: ").Append((body?.Length ?? 0).ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        }

        await connection.WriteAsync(Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), cancellation);
        IOException? cut = null;
        try
        {
            await WriteBodyAsync(body, cancellation);
        }
        catch (IOException failure) when (body is not null)
        {
            cut = failure; // The daemon may have answered before it heard all; its answer says why.
        }

        try
        {
            return await ReadReplyAsync(method, cancellation);
        }
        catch (IOException) when (cut is not null)
        {
            throw cut;
        }
    }

    public void Dispose() => connection.Dispose();

    /// <summary>What was read beyond the last answer's end, and then what comes.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellation)
    {
        if (_start == _end)
        {
            return await connection.ReadAsync(target, cancellation);
        }

        int count = Math.Min(target.Length, _end - _start);
        _buffer.AsMemory(_start, count).CopyTo(target);
        _start += count;
        return count;
    }

    /// <summary>Without its end. Null where the other side has ended.</summary>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancellation)
    {
        int searched = _start;
        while (true)
        {
            int newline = Array.IndexOf(_buffer, (byte)'\n', searched, _end - searched);
            if (newline >= 0)
            {
                string line = Encoding.UTF8.GetString(_buffer, _start, newline - _start).TrimEnd('\r');
                _start = newline + 1;
                return line;
            }

            if (_start > 0)
            {
                Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
                (_start, _end) = (0, _end - _start);
            }

            searched = _end;
            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length < LargestHead ? _buffer.Length * 2 : throw new IOException("the daemon's answer has no end of its head"));
            }

            int count = await connection.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (count == 0)
            {
                return _end == _start ? null : throw new IOException("unexpected EOF");
            }

            _end += count;
        }
    }

    /// <summary>Its answer was read to the end: the next request may have it.</summary>
    public void Release() => release(this);

    private async Task WriteBodyAsync(EngineBody? body, CancellationToken cancellation)
    {
        if (body is { Length: not null })
        {
            await body.Write(connection, cancellation);
        }
        else if (body is not null)
        {
            await using ChunkedWriter chunks = new(connection);
            await body.Write(chunks, cancellation);
            await chunks.EndAsync(cancellation);
        }
    }

    private async Task<EngineReply> ReadReplyAsync(string method, CancellationToken cancellation)
    {
        HttpStatusCode status;
        Dictionary<string, string> headers;
        do
        {
            string first = await ReadLineAsync(cancellation) ?? throw new EndOfStreamException("EOF");
            string[] words = first.Split(' ', 3);
            status = words.Length >= 2 && words[0].StartsWith("HTTP/1.", StringComparison.Ordinal) && int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int code)
                ? (HttpStatusCode)code
                : throw new NotHttpException(first);
            headers = new(StringComparer.OrdinalIgnoreCase);
            while (await ReadLineAsync(cancellation) is { Length: > 0 } line)
            {
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                if (colon > 0)
                {
                    headers[line[..colon]] = line[(colon + 1)..].Trim();
                }
            }
        }
        while (status is HttpStatusCode.Continue);

        bool isKept = !headers.GetValueOrDefault("Connection", "").Contains("close", StringComparison.OrdinalIgnoreCase);
        bool isChunked = headers.GetValueOrDefault("Transfer-Encoding", "").Contains("chunked", StringComparison.OrdinalIgnoreCase);
        long? length = status == HttpStatusCode.SwitchingProtocols ? null
            : method == "HEAD" || status is HttpStatusCode.NoContent or HttpStatusCode.NotModified ? 0
            : isChunked ? null
            : long.TryParse(headers.GetValueOrDefault("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out long told) ? told : null;
        return new EngineReply(status, headers, isChunked && length is null && status != HttpStatusCode.SwitchingProtocols ? new ReplyBody(this, null, true, isKept) : new ReplyBody(this, length, false, isKept));
    }
}
