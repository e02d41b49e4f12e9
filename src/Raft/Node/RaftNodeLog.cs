using Microsoft.Extensions.Logging;

namespace Skep.Raft;

/// <summary>What a node tells. Event ids 1000–1999.</summary>
internal static partial class RaftNodeLog
{
    [LoggerMessage(1000, LogLevel.Information, "raft member {Member:x} starts at term {Term}: snapshot {Snapshot}, log to {Index}, committed {Commit}")]
    public static partial void Started(this ILogger log, ulong member, ulong term, ulong snapshot, ulong index, ulong commit);

    [LoggerMessage(1001, LogLevel.Warning, "log file {File}: a write that power loss tore was cut off at {Offset}, {Bytes} bytes; nothing acknowledged was in it")]
    public static partial void TailCut(this ILogger log, string file, long offset, long bytes);

    [LoggerMessage(1002, LogLevel.Information, "raft member {Member:x} is {Role} in term {Term}, leader {Leader:x}")]
    public static partial void RoleChanged(this ILogger log, ulong member, RaftRole role, ulong term, ulong leader);

    [LoggerMessage(1003, LogLevel.Information, "members from index {Index} on: {Members}")]
    public static partial void MembersChanged(this ILogger log, ulong index, Membership members);

    [LoggerMessage(1004, LogLevel.Warning, "membership change at index {Index} does not fit and changes nothing: {Reason}")]
    public static partial void ChangeRefused(this ILogger log, ulong index, string reason);

    [LoggerMessage(1010, LogLevel.Information, "snapshot at index {Index} of term {Term} written, {Bytes} bytes")]
    public static partial void SnapshotWritten(this ILogger log, ulong index, ulong term, long bytes);

    [LoggerMessage(1011, LogLevel.Information, "snapshot at index {Index} of term {Term} received and restored")]
    public static partial void SnapshotRestored(this ILogger log, ulong index, ulong term);

    [LoggerMessage(1012, LogLevel.Information, "sending snapshot at index {Index} to {Peer:x}")]
    public static partial void SnapshotSending(this ILogger log, ulong index, ulong peer);

    [LoggerMessage(1013, LogLevel.Warning, "snapshot at index {Index} did not reach {Peer:x}; it will be tried again")]
    public static partial void SnapshotSendFailed(this ILogger log, Exception reason, ulong index, ulong peer);

    [LoggerMessage(1020, LogLevel.Error, "raft member {Member:x} stops: it cannot go on safely")]
    public static partial void Failed(this ILogger log, Exception reason, ulong member);

    [LoggerMessage(1021, LogLevel.Warning, "forced new cluster: member {Member:x} is alone from index {Index} on, term {Term}")]
    public static partial void ForcedNewCluster(this ILogger log, ulong member, ulong index, ulong term);

    [LoggerMessage(1023, LogLevel.Warning, "log entry {Entry} is stepped over, as told; every other manager has to be told the same")]
    public static partial void EntrySkipped(this ILogger log, EntryMark entry);

    [LoggerMessage(1022, LogLevel.Debug, "no address for member {Peer:x}; {Count} messages dropped")]
    public static partial void UnknownPeer(this ILogger log, ulong peer, int count);
}
