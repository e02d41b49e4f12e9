using Microsoft.Extensions.Logging;

namespace Skep.Manager;

/// <summary>What a manager logs; ids 3000 to 3999.</summary>
internal static partial class ManagerLog
{
    [LoggerMessage(3000, LogLevel.Information, "Certificate issued to node {NodeId} as {Role}")]
    public static partial void CertificateIssued(this ILogger logger, NodeId nodeId, NodeRole role);

    [LoggerMessage(3001, LogLevel.Warning, "Certificate refused to {Peer}: {Reason}")]
    public static partial void IssueRefused(this ILogger logger, string peer, string reason);

    [LoggerMessage(3010, LogLevel.Information, "Session of node {NodeId} ({Hostname}) opened")]
    public static partial void SessionOpened(this ILogger logger, NodeId nodeId, string hostname);

    [LoggerMessage(3011, LogLevel.Information, "Session of node {NodeId} ended: {Reason}")]
    public static partial void SessionEnded(this ILogger logger, NodeId nodeId, string reason);

    [LoggerMessage(3012, LogLevel.Warning, "Node {NodeId} reported task {TaskId}, which is not its own; ignored")]
    public static partial void ForeignTaskReported(this ILogger logger, NodeId nodeId, TaskId taskId);

    [LoggerMessage(3013, LogLevel.Warning, "Node {NodeId} holds another assignment set than step {Sequence} made; sending it whole")]
    public static partial void AssignmentsDiffer(this ILogger logger, NodeId nodeId, ulong sequence);

    [LoggerMessage(3014, LogLevel.Warning, "{Count} task reports not stored yet, trying again: {Reason}")]
    public static partial void ReportsNotStored(this ILogger logger, int count, string reason);

    [LoggerMessage(3020, LogLevel.Information, "Node {NodeId} is {State}: {Reason}")]
    public static partial void NodeStateChanged(this ILogger logger, NodeId nodeId, NodeState state, string reason);

    [LoggerMessage(3021, LogLevel.Debug, "Leader not told of {Count} nodes heard: {Reason}")]
    public static partial void VouchFailed(this ILogger logger, int count, string reason);

    [LoggerMessage(3030, LogLevel.Information, "Leading since term {Term}")]
    public static partial void Leading(this ILogger logger, ulong term);

    [LoggerMessage(3031, LogLevel.Information, "No longer leading (term {Term})")]
    public static partial void StoppedLeading(this ILogger logger, ulong term);

    [LoggerMessage(3032, LogLevel.Error, "Leader loop {Loop} failed; stepping down")]
    public static partial void LoopFailed(this ILogger logger, Exception error, string loop);

    [LoggerMessage(3033, LogLevel.Error, "{Loop} failed over {Key}; it is left alone for a while, all others go on")]
    public static partial void NotReconciled(this ILogger logger, Exception error, string loop, string key);

    [LoggerMessage(3061, LogLevel.Debug, "{Loop}: somebody else changed what the plan for {Key} was made from, {Times} times in a row")]
    public static partial void PlanOvertaken(this ILogger logger, string loop, string key, int times);

    [LoggerMessage(3034, LogLevel.Warning, "{Loop}: the plan for {Key} was refused and is made again in {Seconds} s: {Reason}")]
    public static partial void PlanRefused(this ILogger logger, string loop, string key, string reason, double seconds);

    [LoggerMessage(3035, LogLevel.Warning, "{Loop}: a change of {Object} was refused: {Reason}")]
    public static partial void ChangeRefused(this ILogger logger, string loop, string @object, string reason);

    [LoggerMessage(3040, LogLevel.Information, "Manager {NodeId} at {Address} joins the Raft group as {RaftId:x}")]
    public static partial void MemberJoins(this ILogger logger, NodeId nodeId, string address, ulong raftId);

    [LoggerMessage(3041, LogLevel.Information, "Raft member {RaftId:x} of node {NodeId} has caught up and votes from now on")]
    public static partial void MemberPromoted(this ILogger logger, ulong raftId, NodeId nodeId);

    [LoggerMessage(3042, LogLevel.Information, "Raft member {RaftId:x} of node {NodeId} removed: {Reason}")]
    public static partial void MemberRemoved(this ILogger logger, ulong raftId, NodeId nodeId, string reason);

    [LoggerMessage(3043, LogLevel.Warning, "Change of the Raft group not made yet: {Reason}")]
    public static partial void MembershipNotChanged(this ILogger logger, string reason);

    [LoggerMessage(3044, LogLevel.Warning, "Raft member {RaftId:x} of node {NodeId} removed: {Reason}. It joins again by itself once it reaches a manager and its address answers")]
    public static partial void SilentLearnerRemoved(this ILogger logger, ulong raftId, NodeId nodeId, string reason);

    [LoggerMessage(3045, LogLevel.Warning, "Node {NodeId} may not join the Raft group: {Reason}")]
    public static partial void JoinRefused(this ILogger logger, NodeId nodeId, string reason);

    [LoggerMessage(3046, LogLevel.Information, "Node {NodeId} was let in, could not enter and is forgotten")]
    public static partial void NodeGivenBack(this ILogger logger, NodeId nodeId);

    [LoggerMessage(3015, LogLevel.Warning, "Node {NodeId} began another session here, from {Peer}; the older one, from {OlderPeer}, is ended. If this comes again and again, two machines share this node's certificate")]
    public static partial void SessionReplaced(this ILogger logger, NodeId nodeId, string peer, string olderPeer);

    [LoggerMessage(3050, LogLevel.Debug, "Raft stream to {Address} broke: {Reason}")]
    public static partial void RaftStreamBroke(this ILogger logger, string address, string reason);

    [LoggerMessage(3100, LogLevel.Warning, "Network {NetworkId} ({Name}) waits: the subnet it asks for overlaps another, or the address pools are used up")]
    public static partial void NetworkWithoutSubnet(this ILogger logger, NetworkId networkId, string name);

    [LoggerMessage(3110, LogLevel.Debug, "{Changes} of {Pending} pending tasks placed or explained in {Milliseconds} ms")]
    public static partial void TasksPlaced(this ILogger logger, int changes, int pending, double milliseconds);
}
