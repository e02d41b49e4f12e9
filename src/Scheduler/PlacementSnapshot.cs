namespace Skep.Scheduler;

/// <summary>The nodes as plain arrays for the time of one placing, so that the picture stays as it is while placed tasks already count.</summary>
internal sealed class PlacementSnapshot
{
    private readonly ClusterCache _picture;
    private readonly Dictionary<NodeId, int> _positions;
    private readonly Dictionary<(int Node, string Kind), long> _takenGeneric = [];
    private readonly HashSet<(int Node, HostPort Port)> _takenPorts = [];
    private readonly Dictionary<ServiceId, Dictionary<int, int>> _placed = [];
    private readonly List<int> _touched = [];

    public PlacementSnapshot(ClusterCache picture)
    {
        _picture = picture;
        Loads = picture.Nodes;
        int count = Loads.Length;
        _positions = new Dictionary<NodeId, int>(count);
        FreeNanoCpus = new long[count];
        FreeMemoryBytes = new long[count];
        Ready = new bool[count];
        ActiveTasks = new int[count];
        ServiceTasks = new int[count];
        FailureRank = new int[count];
        for (int i = 0; i < count; i++)
        {
            NodeLoad load = Loads[i];
            _positions[load.Id] = i;
            FreeNanoCpus[i] = (load.Node!.Description?.Resources.NanoCpus ?? 0) - load.UsedNanoCpus;
            FreeMemoryBytes[i] = (load.Node.Description?.Resources.MemoryBytes ?? 0) - load.UsedMemoryBytes;
            Ready[i] = load.Node.TakesNewTasks;
            ActiveTasks[i] = load.ActiveTasks;
        }
    }

    public NodeLoad[] Loads { get; }

    public int Count => Loads.Length;

    /// <summary>Up, and takes new tasks.</summary>
    public bool[] Ready { get; }

    public long[] FreeNanoCpus { get; }

    public long[] FreeMemoryBytes { get; }

    public int[] ActiveTasks { get; }

    /// <summary>Active tasks of the present group's service.</summary>
    public int[] ServiceTasks { get; }

    /// <summary>Failures of the present group, if there are too many; else 0.</summary>
    public int[] FailureRank { get; }

    public Node NodeAt(int position) => Loads[position].Node!;

    public int? PositionOf(NodeId node) => _positions.TryGetValue(node, out int position) ? position : null;

    public long FreeGeneric(int node, string kind) => Loads[node].FreeGeneric(kind) - _takenGeneric.GetValueOrDefault((node, kind));

    public bool IsPortUsed(int node, HostPort port) => Loads[node].IsPortUsed(port) || _takenPorts.Contains((node, port));

    /// <summary>Fills the arrays that depend on the group. Costs as much as the service has nodes, not as the cluster has.</summary>
    public void Begin(TaskGroup group, DateTimeOffset now)
    {
        foreach (int node in _touched)
        {
            ServiceTasks[node] = 0;
            FailureRank[node] = 0;
        }

        _touched.Clear();
        foreach ((NodeId id, int count) in _picture.ActiveOf(group.Service) ?? new Dictionary<NodeId, int>())
        {
            if (_positions.TryGetValue(id, out int node))
            {
                ServiceTasks[node] += count;
                _touched.Add(node);
            }
        }

        foreach ((int node, int count) in _placed.GetValueOrDefault(group.Service) ?? [])
        {
            ServiceTasks[node] += count;
            _touched.Add(node);
        }

        foreach ((NodeId id, int count) in _picture.Failures.Of(group.Service, group.SpecVersion, now))
        {
            if (count >= RecentFailures.TooMany && _positions.TryGetValue(id, out int node))
            {
                FailureRank[node] = count;
                _touched.Add(node);
            }
        }
    }

    public void Assign(TaskGroup group, int node)
    {
        if (group.Spec.Reservations is { } reserved)
        {
            FreeNanoCpus[node] -= reserved.NanoCpus;
            FreeMemoryBytes[node] -= reserved.MemoryBytes;
            foreach ((string kind, long count) in group.Generic)
            {
                _takenGeneric[(node, kind)] = _takenGeneric.GetValueOrDefault((node, kind)) + count;
            }
        }

        foreach (HostPort port in group.Ports)
        {
            _takenPorts.Add((node, port));
        }

        ActiveTasks[node]++;
        ServiceTasks[node]++;
        _touched.Add(node);
        if (!_placed.TryGetValue(group.Service, out Dictionary<int, int>? placed))
        {
            _placed[group.Service] = placed = [];
        }

        placed[node] = placed.GetValueOrDefault(node) + 1;
    }
}
