using System.Net;

namespace Skep.Cli.Engine;

/// <summary>A daemon's answer: its head, and its body while it still comes. Dispose it; a body read to its end leaves the connection for the next request.</summary>
internal sealed class EngineReply(HttpStatusCode status, IReadOnlyDictionary<string, string> headers, Stream body) : IDisposable
{
    public HttpStatusCode Status { get; } = status;

    public Stream Body { get; } = body;

    /// <summary>Without parameters; empty where none is told.</summary>
    public string MediaType => Header("Content-Type") is { } type ? type.Split(';')[0].Trim() : "";

    public string? Header(string name) => headers.GetValueOrDefault(name);

    public async Task<byte[]> ReadAsync(CancellationToken cancellation)
    {
        using MemoryStream bytes = new();
        await Body.CopyToAsync(bytes, cancellation);
        return bytes.ToArray();
    }

    public void Dispose() => Body.Dispose();
}
