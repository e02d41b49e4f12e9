namespace Skep.Raft;

/// <summary>What is on disk cannot be used. The node must not start, or must stop: a person decides.</summary>
public abstract class RaftStorageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The log is damaged at a place that was durable once, so cutting it off could lose acknowledged entries.</summary>
public sealed class CorruptLogException(string file, long offset, string what)
    : RaftStorageException($"log file {file} is corrupt at offset {offset}: {what}")
{
    public string File { get; } = file;

    public long Offset { get; } = offset;
}

/// <summary>A snapshot file is damaged or incomplete.</summary>
public sealed class CorruptSnapshotException(string file, long offset, string what)
    : RaftStorageException($"snapshot file {file} is corrupt at offset {offset}: {what}")
{
    public string File { get; } = file;

    public long Offset { get; } = offset;
}

/// <summary>The file was written with another data key.</summary>
public sealed class WrongKeyException(string file) : RaftStorageException($"file {file} was encrypted with another data key")
{
    public string File { get; } = file;
}
