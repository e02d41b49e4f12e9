namespace Skep.Scheduler.Filters;

/// <summary>One reason why a node may not do for a group, and how many more of the group's tasks it has room for otherwise.</summary>
/// <remarks>Texts and their order are Swarm's, because tools and people look for them. Source: moby/swarmkit:manager/scheduler/filter.go, pipeline.go.</remarks>
internal abstract class NodeFilter
{
    public const int Unlimited = int.MaxValue;

    /// <summary>In the order in which a node that fails several is counted.</summary>
    public static NodeFilter[] Pipeline { get; } =
    [
        new ReadyFilter(), new ResourceFilter(), new PluginFilter(), new ConstraintFilter(), new PlatformFilter(), new HostPortFilter(), new MaxReplicasFilter(),
    ];

    /// <summary>False: the group does not ask for anything this filter looks at.</summary>
    public abstract bool AppliesTo(TaskGroup group);

    /// <summary>How many more tasks of the group the node takes as the board stands; 0: it does not do.</summary>
    public abstract int Room(TaskGroup group, PlacementSnapshot board, int node);

    /// <summary>What it means that so many nodes failed.</summary>
    public abstract string Explain(int nodes);

    private protected static string Counted(string text, int nodes) => nodes == 1 ? $"{text} on 1 node" : $"{text} on {nodes} nodes";
}

/// <summary>The filters that matter for one group.</summary>
internal sealed class FilterPipeline(TaskGroup group)
{
    private readonly NodeFilter[] _filters = [.. NodeFilter.Pipeline.Where(f => f.AppliesTo(group))];

    public int Room(PlacementSnapshot board, int node)
    {
        int room = NodeFilter.Unlimited;
        foreach (NodeFilter filter in _filters)
        {
            room = Math.Min(room, filter.Room(group, board, node));
            if (room == 0)
            {
                break;
            }
        }

        return room;
    }

    /// <summary>Why none of the nodes takes another task: the filters each failed first, the most frequent first. Empty if there are no nodes.</summary>
    public string Explain(PlacementSnapshot board, IEnumerable<int> nodes)
    {
        int[] failed = new int[_filters.Length];
        foreach (int node in nodes)
        {
            for (int i = 0; i < _filters.Length; i++)
            {
                if (_filters[i].Room(group, board, node) == 0)
                {
                    failed[i]++;
                    break;
                }
            }
        }

        return string.Join("; ", Enumerable.Range(0, failed.Length).Where(i => failed[i] > 0).OrderByDescending(i => failed[i]).Select(i => _filters[i].Explain(failed[i])));
    }
}
