namespace Skep.Engine.Logs;

public enum LogStream
{
    Stdout = 1,
    Stderr = 2,
}

/// <summary>A line of a container's output.</summary>
/// <param name="Time">When the agent read it.</param>
/// <param name="Data">The bytes with their final newline, if there was one.</param>
public sealed record LogLine(DateTimeOffset Time, LogStream Stream, ReadOnlyMemory<byte> Data);

/// <summary>Which lines of a container's output are wanted.</summary>
public sealed record LogQuery
{
    public bool Stdout { get; init; } = true;

    public bool Stderr { get; init; } = true;

    /// <summary>Goes on until the container has ended and all was read.</summary>
    public bool Follow { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>Lines from the end; null: all.</summary>
    public long? Tail { get; init; }
}
