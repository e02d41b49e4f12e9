namespace Skep.Api.Http;

/// <summary>A client at a process's streams: on a connection taken from HTTP, or behind a web socket.</summary>
internal interface IAttachedClient : IAsyncDisposable
{
    /// <returns>0 at the end.</returns>
    Task<int> ReadAsync(Memory<byte> buffer, CancellationToken ct);

    /// <summary>Bytes as they are.</summary>
    /// <returns>False when nobody reads them any more.</returns>
    Task<bool> WriteAsync(ReadOnlyMemory<byte> data, CancellationToken ct);

    /// <summary>Bytes of stream 1 (stdout) or 2 (stderr), told apart where the protocol can.</summary>
    /// <returns>False when nobody reads them any more.</returns>
    Task<bool> WriteFrameAsync(byte stream, ReadOnlyMemory<byte> data, CancellationToken ct);
}
