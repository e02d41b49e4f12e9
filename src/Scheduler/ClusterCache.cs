namespace Skep.Scheduler;

/// <summary>What the placer needs to know of the cluster: nodes with what their tasks hold of them, tasks per service and node, pending tasks.</summary>
/// <remarks>
/// A cache over the store: made from a view, kept up by the events after it, owned by one loop. A picture kept up is equal to one made anew, save for
/// <see cref="RecentFailures"/>. A task holds resources and ports from Assigned until it is observed past Running; it counts as active as long as it is also wanted.
/// </remarks>
public sealed class ClusterCache
{
    private readonly SortedDictionary<NodeId, NodeLoad> _nodes = [];
    private readonly Dictionary<ServiceId, Dictionary<NodeId, int>> _activeByService = [];
    private readonly Dictionary<NetworkId, string> _networkDrivers = [];
    private readonly Dictionary<TaskId, SwarmTask> _pending = [];
    private NodeLoad[]? _inOrder;

    public static ClusterCache Of(IEnumerable<Node> nodes, IEnumerable<SwarmTask> tasks, IEnumerable<Network> networks)
    {
        ClusterCache picture = new ClusterCache();
        foreach (IStoredObject stored in nodes.Concat<IStoredObject>(tasks).Concat(networks))
        {
            picture.Apply(null, stored);
        }

        return picture;
    }

    /// <summary>Tasks that wait for a node, and global ones that wait for word that theirs will have them; by id.</summary>
    public IReadOnlyList<SwarmTask> Pending => [.. _pending.Values.OrderBy(t => t.Id)];

    internal RecentFailures Failures { get; } = new();

    /// <summary>Nodes that exist, in ordinal order of their ids.</summary>
    internal NodeLoad[] Nodes => _inOrder ??= [.. _nodes.Values.Where(n => n.Node is not null)];

    /// <summary>Takes in one event of the store; kinds that do not matter here are ignored.</summary>
    public void Apply(IStoredObject? old, IStoredObject? present)
    {
        switch (present ?? old)
        {
            case Node node:
                ApplyNode(node.Id, (Node?)present);
                break;
            case SwarmTask:
                ApplyTask((SwarmTask?)old, (SwarmTask?)present);
                break;
            case Network network when present is null:
                _networkDrivers.Remove(network.Id);
                break;
            case Network network:
                _networkDrivers[network.Id] = network.Spec.Driver?.Name is { Length: > 0 } name ? name : "overlay";
                break;
        }
    }

    internal string? DriverOf(NetworkId network) => _networkDrivers.GetValueOrDefault(network);

    internal IReadOnlyDictionary<NodeId, int>? ActiveOf(ServiceId service) => _activeByService.GetValueOrDefault(service);

    /// <summary>All of it as text, for comparing two pictures.</summary>
    internal string Describe() => string.Join(
        '\n',
        _nodes.Values.Select(n => n.ToString())
            .Concat(_activeByService.OrderBy(s => s.Key).Select(s => $"{s.Key}: {string.Join(' ', s.Value.OrderBy(n => n.Key).Select(n => $"{n.Key}={n.Value}"))}"))
            .Concat(_networkDrivers.OrderBy(n => n.Key).Select(n => $"{n.Key}: {n.Value}"))
            .Concat(Pending.Select(t => $"pending {t.Id} v{t.Version}"))
            .Concat(Failures.Describe()));

    private void ApplyNode(NodeId id, Node? present)
    {
        _inOrder = null;
        LoadOf(id).Node = present;
        DropIfEmpty(id);
    }

    private void ApplyTask(SwarmTask? old, SwarmTask? present)
    {
        if (present is not null)
        {
            Failures.Note(present);
        }

        Wait(old, present);
        NodeId? held = Holds(old) ? old!.Node : null;
        NodeId? holds = Holds(present) ? present!.Node : null;
        if (held == holds && IsActive(old) == IsActive(present) && old?.Endpoint == present?.Endpoint)
        {
            return;
        }

        if (held is { } before)
        {
            Count(old!, before, -1);
        }

        if (holds is { } now)
        {
            Count(present!, now, 1);
        }
    }

    private void Wait(SwarmTask? old, SwarmTask? present)
    {
        if (present is { WaitsForNode: true })
        {
            _pending[present.Id] = present;
        }
        else
        {
            _pending.Remove((present ?? old)!.Id);
        }
    }

    private void Count(SwarmTask task, NodeId node, int sign)
    {
        NodeLoad load = LoadOf(node);
        load.Hold(task, sign);
        if (IsActive(task))
        {
            load.ActiveTasks += sign;
            if (!_activeByService.TryGetValue(task.ServiceId, out Dictionary<NodeId, int>? counts))
            {
                _activeByService[task.ServiceId] = counts = [];
            }

            int count = counts.GetValueOrDefault(node) + sign;
            if (count > 0)
            {
                counts[node] = count;
            }
            else if (counts.Remove(node) && counts.Count == 0)
            {
                _activeByService.Remove(task.ServiceId);
            }
        }

        DropIfEmpty(node);
    }

    private static bool Holds(SwarmTask? task) => task is { HoldsResources: true };

    private static bool IsActive(SwarmTask? task) => task is { HoldsResources: true, IsWanted: true };

    private NodeLoad LoadOf(NodeId id)
    {
        if (!_nodes.TryGetValue(id, out NodeLoad? load))
        {
            _nodes[id] = load = new NodeLoad(id);
        }

        return load;
    }

    private void DropIfEmpty(NodeId id)
    {
        if (_nodes[id] is { Node: null, HoldingTasks: 0 })
        {
            _nodes.Remove(id);
        }
    }
}
