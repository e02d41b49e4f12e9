using Skep.Scheduler.Filters;

namespace Skep.Scheduler;

/// <summary>Hands out the nodes for a group's tasks one by one: evenly over each label's values, outermost first, then to the node with the fewest tasks.</summary>
/// <remarks>
/// A branch counts the service's tasks on all its nodes, also on those that take no more; a branch without room is passed over.
/// Among nodes: those with too many recent failures last, then fewest tasks of the service, then fewest of all, then by id.
/// Source: moby/swarmkit:manager/scheduler/nodeset.go, scheduler.go.
/// </remarks>
internal sealed class SpreadTree
{
    private readonly PlacementSnapshot _board;
    private readonly int[] _room;

    // Without labels to spread over, the root holds all nodes; its lists are used again for the next group.
    private readonly Branch _flat = new("");
    private Branch _root;

    public SpreadTree(PlacementSnapshot board)
    {
        _board = board;
        _room = new int[board.Count];
        _root = _flat;
    }

    /// <summary>Takes in the nodes as they stand for this group; <see cref="PlacementSnapshot.Begin"/> comes first.</summary>
    public void Grow(TaskGroup group, FilterPipeline filters)
    {
        _flat.Clear();
        _root = group.SpreadOver.Length == 0 ? _flat : new Branch("");
        for (int node = 0; node < _room.Length; node++)
        {
            _room[node] = filters.Room(_board, node);
            Plant(group, node);
        }

        _root.Close();
    }

    /// <summary>The next node, or -1 when none has room. The caller assigns the task on the board before asking again.</summary>
    public int Next() => Next(_root);

    private void Plant(TaskGroup group, int node)
    {
        Branch branch = _root;
        foreach (SpreadLabel label in group.SpreadOver)
        {
            branch = branch.Child(label.Of(_board.NodeAt(node)));
            branch.ServiceTasks += _board.ServiceTasks[node];
            branch.ActiveTasks += _board.ActiveTasks[node];
        }

        if (_room[node] > 0)
        {
            branch.Leaves.Add((node, KeyOf(node)));
        }
    }

    private int Next(Branch branch)
    {
        while (branch.Order.TryDequeue(out Branch? child, out _))
        {
            int node = Next(child);
            if (node >= 0)
            {
                child.ServiceTasks++;
                child.ActiveTasks++;
                branch.Order.Enqueue(child, child.Key);
                return node;
            }
        }

        return NextLeaf(branch);
    }

    /// <summary>The top node's key is brought up to date when it is handed out, as if the task were there already.</summary>
    private int NextLeaf(Branch branch)
    {
        if (!branch.LeafOrder.TryPeek(out int node, out LeafKey key))
        {
            return -1;
        }

        if (_room[node] != NodeFilter.Unlimited && --_room[node] == 0)
        {
            branch.LeafOrder.Dequeue();
        }
        else
        {
            branch.LeafOrder.DequeueEnqueue(node, key with { ServiceTasks = key.ServiceTasks + 1, ActiveTasks = key.ActiveTasks + 1 });
        }

        return node;
    }

    private LeafKey KeyOf(int node) => new(_board.FailureRank[node], _board.ServiceTasks[node], _board.ActiveTasks[node], node);

    private readonly record struct LeafKey(int FailureRank, int ServiceTasks, int ActiveTasks, int Node) : IComparable<LeafKey>
    {
        public int CompareTo(LeafKey other)
            => FailureRank != other.FailureRank ? FailureRank.CompareTo(other.FailureRank)
                : ServiceTasks != other.ServiceTasks ? ServiceTasks.CompareTo(other.ServiceTasks)
                : ActiveTasks != other.ActiveTasks ? ActiveTasks.CompareTo(other.ActiveTasks)
                : Node.CompareTo(other.Node);
    }

    private readonly record struct BranchKey(int ServiceTasks, int ActiveTasks, string Value) : IComparable<BranchKey>
    {
        public int CompareTo(BranchKey other)
            => ServiceTasks != other.ServiceTasks ? ServiceTasks.CompareTo(other.ServiceTasks)
                : ActiveTasks != other.ActiveTasks ? ActiveTasks.CompareTo(other.ActiveTasks)
                : string.CompareOrdinal(Value, other.Value);
    }

    private sealed class Branch(string value)
    {
        private readonly SortedDictionary<string, Branch> _children = new(StringComparer.Ordinal);

        public int ServiceTasks { get; set; }

        public int ActiveTasks { get; set; }

        public List<(int Node, LeafKey Key)> Leaves { get; } = [];

        public PriorityQueue<Branch, BranchKey> Order { get; } = new();

        public PriorityQueue<int, LeafKey> LeafOrder { get; } = new();

        public BranchKey Key => new(ServiceTasks, ActiveTasks, value);

        public Branch Child(string childValue)
        {
            if (!_children.TryGetValue(childValue, out Branch? child))
            {
                _children[childValue] = child = new Branch(childValue);
            }

            return child;
        }

        public void Clear()
        {
            Leaves.Clear();
            LeafOrder.Clear();
        }

        /// <summary>All nodes are in: put them in order, in time linear in their number.</summary>
        public void Close()
        {
            LeafOrder.EnqueueRange(Leaves);
            foreach (Branch child in _children.Values)
            {
                child.Close();
                Order.Enqueue(child, child.Key);
            }
        }
    }
}
