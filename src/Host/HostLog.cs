using Microsoft.Extensions.Logging;

namespace Skep.Host;

/// <summary>What the daemon itself logs; ids 100 to 199.</summary>
internal static partial class HostLog
{
    [LoggerMessage(100, LogLevel.Information, "skepd {Version} serves the Engine API on {Socket}")]
    public static partial void Serving(this ILogger logger, string version, string socket);

    [LoggerMessage(108, LogLevel.Debug, "Start-up is over; code of {KiB} KiB given back")]
    public static partial void Settled(this ILogger logger, long kiB);

    [LoggerMessage(101, LogLevel.Information, "Node {NodeId} goes on as {Role} of cluster {ClusterId}")]
    public static partial void GoingOn(this ILogger logger, NodeId nodeId, NodeRole role, ClusterId clusterId);

    [LoggerMessage(102, LogLevel.Information, "Node {NodeId} is now a {Role}")]
    public static partial void RoleChanged(this ILogger logger, NodeId nodeId, NodeRole role);

    [LoggerMessage(103, LogLevel.Information, "Certificate of node {NodeId} renewed as {Role}, valid until {Until}")]
    public static partial void CertificateRenewed(this ILogger logger, NodeId nodeId, NodeRole role, DateTime until);

    [LoggerMessage(104, LogLevel.Warning, "Certificate not renewed by {Manager} yet: {Reason}")]
    public static partial void RenewalFailed(this ILogger logger, string manager, string reason);

    [LoggerMessage(105, LogLevel.Error, "Cluster membership stopped: {Reason}")]
    public static partial void MembershipFailed(this ILogger logger, Exception error, string reason);

    [LoggerMessage(115, LogLevel.Error, "Cluster membership stopped: {Reason}")]
    public static partial void MembershipRefused(this ILogger logger, string reason);

    [LoggerMessage(106, LogLevel.Information, "Node {NodeId} left its cluster")]
    public static partial void LeftCluster(this ILogger logger, NodeId nodeId);

    [LoggerMessage(107, LogLevel.Warning, "Left without telling the other managers: {Reason}; remove this node there with node rm --force")]
    public static partial void LeftWithoutGroup(this ILogger logger, string reason);

    [LoggerMessage(109, LogLevel.Warning, "Node {NodeId} is locked; unlock it with swarm unlock. What runs on it goes on")]
    public static partial void Locked(this ILogger logger, NodeId nodeId);

    [LoggerMessage(110, LogLevel.Information, "The private key of node {NodeId} is sealed on disk: {IsSealed}")]
    public static partial void KeySealed(this ILogger logger, NodeId nodeId, bool isSealed);

    [LoggerMessage(111, LogLevel.Information, "Node {NodeId} now trusts {Count} root certificates")]
    public static partial void RootsChanged(this ILogger logger, NodeId nodeId, int count);

    [LoggerMessage(112, LogLevel.Warning, "The Raft group has not taken this manager in yet: {Reason}. The node goes on as a worker and asks again")]
    public static partial void NotInGroupYet(this ILogger logger, string reason);

    [LoggerMessage(113, LogLevel.Warning, "The Raft group has gone on without member {RaftId:x}, which is this node; it joins as another one")]
    public static partial void DroppedFromGroup(this ILogger logger, ulong raftId);

    [LoggerMessage(114, LogLevel.Warning, "Node {NodeId} did not enter, and no manager could be told: {Reason}. They forget it after ten minutes")]
    public static partial void NotGivenBack(this ILogger logger, NodeId nodeId, string reason);

    [LoggerMessage(190, LogLevel.Warning, "The dashboard is not served on port {Port}: {Reason}; choose another with --dashboard-port, or 0 for none")]
    public static partial void DashboardNotServed(this ILogger logger, int port, string reason);

    [LoggerMessage(195, LogLevel.Warning, "The dashboard's renewed certificate cannot be used: {Reason}. It is served with the one before until the files change again")]
    public static partial void DashboardCertificateKept(this ILogger logger, string reason);

    [LoggerMessage(191, LogLevel.Information, "Node {NodeId} is the first manager of cluster {ClusterId}, restored as it was at index {Index}")]
    public static partial void Restored(this ILogger logger, NodeId nodeId, ClusterId clusterId, ulong index);

    [LoggerMessage(192, LogLevel.Information, "Backup written: {Path}, {Bytes} bytes")]
    public static partial void BackupWritten(this ILogger logger, string path, long bytes);

    [LoggerMessage(194, LogLevel.Warning, "Node {NodeId} has joined the other managers anew; what was on its disk is removed")]
    public static partial void Rejoined(this ILogger logger, NodeId nodeId);

    [LoggerMessage(196, LogLevel.Warning, "Certificates of nodes are believed up to {Days} days after their end (--accept-expired); take this out once the nodes have renewed theirs")]
    public static partial void ExpiredBelieved(this ILogger logger, double days);

    [LoggerMessage(193, LogLevel.Error, "No backup could be written to {Directory}: {Reason}. The newest is of {Newest}; the next attempt is in a minute")]
    public static partial void BackupFailed(this ILogger logger, string directory, string reason, string newest);
}
