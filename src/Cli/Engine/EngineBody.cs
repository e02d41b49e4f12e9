namespace Skep.Cli.Engine;

/// <summary>What a request carries.</summary>
/// <param name="Write">Writes it; asked once.</param>
/// <param name="Length">Bytes, where they are known before.</param>
internal sealed record EngineBody(string ContentType, Func<Stream, CancellationToken, Task> Write, long? Length)
{
    /// <summary>It can be sent again when a kept connection turns out to be gone.</summary>
    public bool IsRepeatable { get; private init; }

    public static EngineBody Json(byte[] bytes) => new("application/json", (stream, cancellation) => stream.WriteAsync(bytes, cancellation).AsTask(), bytes.Length) { IsRepeatable = true };

    public static EngineBody File(Stream file) => new("application/octet-stream", (stream, cancellation) => file.CopyToAsync(stream, 1 << 16, cancellation), file.Length);

    public static EngineBody Tar(Stream source) => new("application/x-tar", (stream, cancellation) => source.CopyToAsync(stream, 1 << 16, cancellation), null);

    public static EngineBody Tar(Func<Stream, Task> write) => new("application/x-tar", (stream, _) => write(stream), null);
}
