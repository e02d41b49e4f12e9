namespace Skep.Raft;

/// <summary>Bytes that are not what this room writes: cut short, of another version, or damaged.</summary>
public sealed class RaftFormatException(string message) : FormatException(message);
