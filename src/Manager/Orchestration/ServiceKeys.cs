namespace Skep.Manager.Orchestration;

/// <summary>Which services an event may concern.</summary>
internal static class ServiceKeys
{
    /// <summary>The service itself, that of the task, or those with tasks on the node. Events no orchestrator decides by are left out: most of a start's.</summary>
    public static IEnumerable<ServiceId> TouchedBy(StoreEvent change, StoreView view) => change.Latest switch
    {
        Service service when Matters((Service?)change.Old, (Service?)change.New) => [service.Id],
        SwarmTask task when Matters((SwarmTask?)change.Old, (SwarmTask?)change.New, view) => [task.ServiceId],
        Node node when IsNewsOfNode(change) => view.Tasks.OfNode(node.Id).Select(t => t.ServiceId).Distinct(),
        _ => [],
    };

    /// <summary>The same for services that have a task on every node that suits them: a node concerns all of them, tasks there or not.</summary>
    public static IEnumerable<ServiceId> TouchedBy(StoreEvent change, StoreView view, IEnumerable<ServiceId> onEveryNode)
        => IsNewsOfNode(change) ? onEveryNode : TouchedBy(change, view);

    /// <summary>Whether it is about a node, and tasks may come, stay or go by it.</summary>
    public static bool IsNewsOfNode(StoreEvent change) => change.Kind == ObjectKind.Node && Matters((Node?)change.Old, (Node?)change.New);

    private static bool Matters(Node? old, Node? present)
        => old is null || present is null || old.Status.State != present.Status.State || old.Spec != present.Spec || old.Role != present.Role
            || old.Description is null != present.Description is null || old.Description?.EngineLabels != present.Description?.EngineLabels
            || old.Hostname != present.Hostname;

    private static bool Matters(Service? old, Service? present)
        => old is null || present is null || old.Spec != present.Spec || old.SpecVersion != present.SpecVersion || old.UpdateStatus != present.UpdateStatus
            || old.JobStatus != present.JobStatus;

    /// <remarks>Being given a node matters only if that node was lost meanwhile: the node's own event came before there was a task on it.</remarks>
    private static bool Matters(SwarmTask? old, SwarmTask? present, StoreView view)
        => old is null || present is null || old.DesiredState != present.DesiredState
            || (old.Status.State != present.Status.State && (present.IsRunning || present.HasEnded))
            || (old.Node != present.Node && present.Node is not null && view.NodeOf(present) is not { MayRunTasks: true });
}
