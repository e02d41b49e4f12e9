namespace Skep.Store;

/// <summary>The tasks, and who they belong to.</summary>
public sealed class TaskTable : ObjectTable<SwarmTask>
{
    private readonly OrderedMap<ServiceTaskKey, SwarmTask> _services;
    private readonly OrderedMap<NodeTaskKey, SwarmTask> _nodes;

    private TaskTable(OrderedMap<TextKey, SwarmTask> byId, OrderedMap<ServiceTaskKey, SwarmTask> services, OrderedMap<NodeTaskKey, SwarmTask> nodes)
        : base(byId)
    {
        _services = services;
        _nodes = nodes;
    }

    internal static TaskTable Empty { get; } = new(default, default, default);

    public SwarmTask? Find(TaskId id) => FindKey(id.Value);

    /// <summary>All tasks of the service, ended ones too, by slot and then id.</summary>
    public IReadOnlyCollection<SwarmTask> OfService(ServiceId service) => _services.Range(new InService(service));

    /// <summary>All tasks of one slot, ended ones too, by id. Slot 0 holds every task of a global service.</summary>
    public IReadOnlyCollection<SwarmTask> OfSlot(ServiceId service, int slot) => _services.Range(new InSlot(service, slot));

    /// <summary>All tasks given to the node, ended ones too, by id.</summary>
    public IReadOnlyCollection<SwarmTask> OfNode(NodeId node) => _nodes.Range(new OnNode(node));

    internal TaskTable With(SwarmTask? old, SwarmTask? present, EditToken token)
    {
        OrderedMap<ServiceTaskKey, SwarmTask> services = _services;
        OrderedMap<NodeTaskKey, SwarmTask> nodes = _nodes;
        if (old is not null && (present is null || ServiceKey(old) != ServiceKey(present)))
        {
            services = services.Remove(ServiceKey(old), token);
        }

        if (old?.Node is { } oldNode && oldNode != present?.Node)
        {
            nodes = nodes.Remove(new NodeTaskKey(oldNode, old.Id), token);
        }

        if (present is not null)
        {
            services = services.Set(ServiceKey(present), present, token);
            if (present.Node is { } node)
            {
                nodes = nodes.Set(new NodeTaskKey(node, present.Id), present, token);
            }
        }

        return new TaskTable(Replaced(old, present, token), services, nodes);
    }

    private static ServiceTaskKey ServiceKey(SwarmTask task) => new(task.ServiceId, task.Slot, task.Id);
}
