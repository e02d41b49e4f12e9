using Skep.Model;

namespace Skep.Wire.Mapping;

/// <summary>The words of the Engine API for the closed sets of the model.</summary>
/// <remarks>Reading takes any letter case, and the empty word for the default, as Docker does.</remarks>
public static class WireEnums
{
    public static string ToWire(this TaskState state) => state switch
    {
        TaskState.New => "new",
        TaskState.Pending => "pending",
        TaskState.Assigned => "assigned",
        TaskState.Accepted => "accepted",
        TaskState.Preparing => "preparing",
        TaskState.Ready => "ready",
        TaskState.Starting => "starting",
        TaskState.Running => "running",
        TaskState.Complete => "complete",
        TaskState.Shutdown => "shutdown",
        TaskState.Failed => "failed",
        TaskState.Rejected => "rejected",
        TaskState.Remove => "remove",
        TaskState.Orphaned => "orphaned",
    };

    public static string ToWire(this UpdateState state) => state switch
    {
        UpdateState.Updating => "updating",
        UpdateState.Paused => "paused",
        UpdateState.Completed => "completed",
        UpdateState.RollbackStarted => "rollback_started",
        UpdateState.RollbackPaused => "rollback_paused",
        UpdateState.RollbackCompleted => "rollback_completed",
    };

    public static string ToWire(this UpdateFailureAction action) => action switch
    {
        UpdateFailureAction.Pause => "pause",
        UpdateFailureAction.Continue => "continue",
        UpdateFailureAction.Rollback => "rollback",
    };

    public static UpdateFailureAction ReadFailureAction(string? word) => Lower(word) switch
    {
        "" or "pause" => UpdateFailureAction.Pause,
        "continue" => UpdateFailureAction.Continue,
        "rollback" => UpdateFailureAction.Rollback,
        _ => throw ClusterException.Invalid($"unrecognized update failure action {word}"),
    };

    public static string ToWire(this UpdateOrder order) => order switch
    {
        UpdateOrder.StopFirst => "stop-first",
        UpdateOrder.StartFirst => "start-first",
    };

    public static UpdateOrder ReadOrder(string? word) => Lower(word) switch
    {
        "" or "stop-first" => UpdateOrder.StopFirst,
        "start-first" => UpdateOrder.StartFirst,
        _ => throw ClusterException.Invalid($"unrecognized update order {word}"),
    };

    public static string ToWire(this RestartCondition condition) => condition switch
    {
        RestartCondition.Any => "any",
        RestartCondition.OnFailure => "on-failure",
        RestartCondition.None => "none",
    };

    public static RestartCondition? ReadCondition(string? word) => Lower(word) switch
    {
        "" => null,
        "any" => RestartCondition.Any,
        "on-failure" => RestartCondition.OnFailure,
        "none" => RestartCondition.None,
        _ => throw ClusterException.Invalid($"invalid RestartCondition: \"{word}\""),
    };

    public static string ToWire(this EndpointMode mode) => mode switch
    {
        EndpointMode.Vip => "vip",
        EndpointMode.Dnsrr => "dnsrr",
    };

    public static EndpointMode ReadEndpointMode(string? word) => Lower(word) switch
    {
        "" or "vip" => EndpointMode.Vip,
        "dnsrr" => EndpointMode.Dnsrr,
        _ => throw ClusterException.Invalid($"invalid endpoint mode: \"{word}\""),
    };

    public static string ToWire(this PortProtocol protocol) => protocol switch
    {
        PortProtocol.Tcp => "tcp",
        PortProtocol.Udp => "udp",
        PortProtocol.Sctp => "sctp",
    };

    public static PortProtocol ReadProtocol(string? word) => Lower(word) switch
    {
        "" or "tcp" => PortProtocol.Tcp,
        "udp" => PortProtocol.Udp,
        "sctp" => PortProtocol.Sctp,
        _ => throw ClusterException.Invalid($"invalid protocol: \"{word}\""),
    };

    public static string ToWire(this PublishMode mode) => mode switch
    {
        PublishMode.Ingress => "ingress",
        PublishMode.Host => "host",
    };

    public static PublishMode ReadPublishMode(string? word) => Lower(word) switch
    {
        "" or "ingress" => PublishMode.Ingress,
        "host" => PublishMode.Host,
        _ => throw ClusterException.Invalid($"invalid publish mode: \"{word}\""),
    };

    public static string ToWire(this MountKind kind) => kind switch
    {
        MountKind.Bind => "bind",
        MountKind.Volume => "volume",
        MountKind.Tmpfs => "tmpfs",
        MountKind.NamedPipe => "npipe",
        MountKind.Cluster => "cluster",
        MountKind.Image => "image",
    };

    public static MountKind ReadMountKind(string? word) => Lower(word) switch
    {
        "bind" => MountKind.Bind,
        "volume" => MountKind.Volume,
        "tmpfs" => MountKind.Tmpfs,
        "npipe" => MountKind.NamedPipe,
        "cluster" => MountKind.Cluster,
        "image" => MountKind.Image,
        _ => throw ClusterException.Invalid($"invalid MountType: \"{word}\""),
    };

    public static string ToWire(this NodeRole role) => role switch
    {
        NodeRole.Worker => "worker",
        NodeRole.Manager => "manager",
    };

    public static NodeRole ReadRole(string? word) => Lower(word) switch
    {
        "worker" => NodeRole.Worker,
        "manager" => NodeRole.Manager,
        _ => throw ClusterException.Invalid($"invalid Role: \"{word}\""),
    };

    public static string ToWire(this NodeAvailability availability) => availability switch
    {
        NodeAvailability.Active => "active",
        NodeAvailability.Pause => "pause",
        NodeAvailability.Drain => "drain",
    };

    public static NodeAvailability ReadAvailability(string? word) => Lower(word) switch
    {
        "active" => NodeAvailability.Active,
        "pause" => NodeAvailability.Pause,
        "drain" => NodeAvailability.Drain,
        _ => throw ClusterException.Invalid($"invalid Availability: \"{word}\""),
    };

    public static string ToWire(this NodeState state) => state switch
    {
        NodeState.Unknown => "unknown",
        NodeState.Down => "down",
        NodeState.Ready => "ready",
    };

    /// <summary>replicated, global, replicated-job or global-job, as filters say it.</summary>
    public static string ToWire(this ServiceMode mode) => mode switch
    {
        ServiceMode.Replicated => "replicated",
        ServiceMode.Global => "global",
        ServiceMode.ReplicatedJob => "replicated-job",
        ServiceMode.GlobalJob => "global-job",
        _ => throw new InvalidOperationException($"unknown mode {mode}"),
    };

    private static string Lower(string? word) => (word ?? "").ToLowerInvariant();
}
