using Microsoft.Extensions.Logging;

namespace Skep.Overlay;

internal static partial class OverlayLog
{
    [LoggerMessage(5000, LogLevel.Information, "network room open: {Routers} networks and {Sandboxes} tasks adopted, {Features}")]
    public static partial void Opened(ILogger logger, int routers, int sandboxes, KernelFeatures features);

    [LoggerMessage(5001, LogLevel.Debug, "applied {Operations} network operations in {Milliseconds} ms")]
    public static partial void Applied(ILogger logger, int operations, double milliseconds);

    [LoggerMessage(5002, LogLevel.Warning, "port {Port} is held by a program of this host, which keeps it: it is not published on this node until that program ends")]
    public static partial void PortHeld(ILogger logger, BoundPort port);

    [LoggerMessage(5016, LogLevel.Information, "port {Port} is held by no program of this host any more and is published now")]
    public static partial void PortFreed(ILogger logger, BoundPort port);

    [LoggerMessage(5003, LogLevel.Warning, "chain {Chain} drops forwarded packets by default: published ports and egress of tasks will not work until it accepts interface {Mesh} and device group 0x5357")]
    public static partial void ForwardDropped(ILogger logger, string chain, string mesh);

    [LoggerMessage(5004, LogLevel.Warning, "network change failed, reading the kernel's state again")]
    public static partial void ApplyFailed(ILogger logger, Exception error);

    [LoggerMessage(5005, LogLevel.Debug, "sandbox of task {TaskId} is {Path}")]
    public static partial void SandboxMade(ILogger logger, TaskId taskId, string path);

    [LoggerMessage(5006, LogLevel.Warning, "sandbox {Path} of an earlier run cannot be used, it is removed")]
    public static partial void SandboxUnusable(ILogger logger, string path, Exception error);

    [LoggerMessage(5007, LogLevel.Debug, "DNS of task {TaskId} stopped answering on one transport")]
    public static partial void DnsStopped(ILogger logger, TaskId taskId, Exception error);

    [LoggerMessage(5008, LogLevel.Warning, "a namespace for coming tasks could not be made")]
    public static partial void PoolFailed(ILogger logger, Exception error);

    [LoggerMessage(5009, LogLevel.Warning, "UDP flows to {Backends} could not be forgotten; they end by their timeouts")]
    public static partial void FlowsKept(ILogger logger, string backends, Exception error);

    [LoggerMessage(5010, LogLevel.Warning, "the VXLAN device of the dropped network {Vni} could not be removed first: {Reason}")]
    public static partial void RouterDeviceStays(ILogger logger, string vni, string reason);

    [LoggerMessage(5011, LogLevel.Information, "names program started, process {ProcessId}")]
    public static partial void NamesStarted(ILogger logger, int processId);

    [LoggerMessage(5012, LogLevel.Warning, "names program lost, starting another")]
    public static partial void NamesLost(ILogger logger, Exception error);

    [LoggerMessage(5013, LogLevel.Information, "answering names of tasks, told by {Socket}")]
    public static partial void NamesBegin(ILogger logger, string socket);

    [LoggerMessage(5014, LogLevel.Information, "ended: {Reason}")]
    public static partial void NamesEnded(ILogger logger, string reason);

    [LoggerMessage(5015, LogLevel.Warning, "the connection to skepd failed, waiting for it")]
    public static partial void NamesSessionFailed(ILogger logger, Exception error);
}
