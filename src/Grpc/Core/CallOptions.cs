using System.Diagnostics.CodeAnalysis;

namespace Grpc.Core;

/// <summary>How one message is written.</summary>
[Flags]
public enum WriteFlags
{
    /// <summary>The message need not leave at once; it goes with the next one or at the end.</summary>
    BufferHint = 0x1,

    /// <summary>Do not compress this message although the call compresses.</summary>
    NoCompress = 0x2,
}

/// <summary>Options of the messages a stream writes from now on.</summary>
public sealed class WriteOptions(WriteFlags flags = default)
{
    public static readonly WriteOptions Default = new();

    public WriteFlags Flags { get; } = flags;
}

/// <summary>Options of one call.</summary>
[SuppressMessage("Design", "CA1068", Justification = "The order of parameters is that of the real package.")]
public readonly struct CallOptions(
    Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default, WriteOptions? writeOptions = null)
{
    /// <summary>Metadata sent before the first message.</summary>
    public Metadata? Headers { get; private init; } = headers;

    /// <summary>Moment (UTC) at which the call ends with DEADLINE_EXCEEDED.</summary>
    public DateTime? Deadline { get; private init; } = deadline;

    public CancellationToken CancellationToken { get; private init; } = cancellationToken;

    public WriteOptions? WriteOptions { get; private init; } = writeOptions;

    public CallOptions WithHeaders(Metadata headers) => this with { Headers = headers };

    public CallOptions WithDeadline(DateTime deadline) => this with { Deadline = deadline };

    public CallOptions WithCancellationToken(CancellationToken cancellationToken) => this with { CancellationToken = cancellationToken };

    public CallOptions WithWriteOptions(WriteOptions writeOptions) => this with { WriteOptions = writeOptions };
}
