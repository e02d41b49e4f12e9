namespace Skep.Manager.Dispatch;

/// <summary>Which changes of the store alter what some node is told.</summary>
internal static class DispatchFilter
{
    /// <summary>Most commits are steps of tasks on their way to running or the times of nodes; no node is told of those.</summary>
    public static bool Matters(StoreEvent change) => (change.Old, change.New) switch
    {
        (SwarmTask old, SwarmTask now) => old.Node != now.Node || old.DesiredState != now.DesiredState || old.Networks != now.Networks || StageOf(old) != StageOf(now),
        (null, SwarmTask now) => now.Node is not null,
        (Node old, Node now) => old.Status.State != now.Status.State || Without(old.Description) != Without(now.Description) || old.Attachments != now.Attachments
            || old.NetworkIndex != now.NetworkIndex || old.Role != now.Role || old.Manager != now.Manager,
        (SwarmTask old, null) => old.Node is not null,
        (Service old, Service now) => old.Endpoint != now.Endpoint && (IsVisible(old.Endpoint) || IsVisible(now.Endpoint)) || old.Name != now.Name,
        (Service old, null) => IsVisible(old.Endpoint),
        (null, Service now) => IsVisible(now.Endpoint),
        _ => true,
    };

    /// <summary>A service that is in no network and publishes nothing is nobody's business.</summary>
    private static bool IsVisible(ServiceEndpoint? endpoint) => endpoint is { Mode: EndpointMode.Dnsrr } or { VirtualIps.IsEmpty: false } or { Ports.IsEmpty: false };

    /// <summary>Whose certificate a node shows is the leader's business alone.</summary>
    private static NodeDescription? Without(NodeDescription? description) => description is { Tls: not null } ? description with { Tls = null } : description;

    /// <summary>What <see cref="AssignmentPlanner"/> and <see cref="NetworkTables"/> ask of a task's observed state.</summary>
    private static (bool, bool, bool) StageOf(SwarmTask task) => (task.IsAssigned, task.IsRunning, task.HasEnded);
}
