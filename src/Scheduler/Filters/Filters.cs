namespace Skep.Scheduler.Filters;

/// <summary>The node is up and takes new tasks.</summary>
internal sealed class ReadyFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group) => true;

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
        => board.Ready[node] ? Unlimited : 0;

    public override string Explain(int nodes) => nodes == 1 ? "1 node not available for new tasks" : $"{nodes} nodes not available for new tasks";
}

/// <summary>What the tasks reserve is free. Limits do not count.</summary>
internal sealed class ResourceFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group)
        => group.Spec.Reservations is { } reserved && (reserved.NanoCpus != 0 || reserved.MemoryBytes != 0 || !reserved.Generic.IsEmpty);

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
    {
        Resources reserved = group.Spec.Reservations!;
        long room = Math.Min(Fits(board.FreeNanoCpus[node], reserved.NanoCpus), Fits(board.FreeMemoryBytes[node], reserved.MemoryBytes));
        foreach ((string kind, long count) in group.Generic)
        {
            room = Math.Min(room, Fits(board.FreeGeneric(node, kind), count));
        }

        return (int)Math.Min(room, Unlimited);
    }

    public override string Explain(int nodes) => Counted("insufficient resources", nodes);

    private static long Fits(long free, long each) => each <= 0 ? Unlimited : free < each ? 0 : free / each;
}

/// <summary>The node has the volume, network and log drivers.</summary>
internal sealed class PluginFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group) => group.Plugins.Length > 0;

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
        => board.NodeAt(node).Description is not { } description || group.Plugins.All(p => Has(description, p)) ? Unlimited : 0;

    public override string Explain(int nodes) => Counted("missing plugin", nodes);

    /// <remarks>A node that names no log driver at all does not tell them.</remarks>
    private static bool Has(NodeDescription node, EnginePlugin wanted)
    {
        bool typeSeen = false;
        foreach (EnginePlugin plugin in node.Plugins)
        {
            if (plugin.Type != wanted.Type)
            {
                continue;
            }

            typeSeen = true;
            if (plugin.Name == wanted.Name || (plugin.Name.Length == wanted.Name.Length + ":latest".Length && plugin.Name == wanted.Name + ":latest"))
            {
                return true;
            }
        }

        return wanted.Type == "Log" && !typeSeen;
    }
}

internal sealed class ConstraintFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group) => group.Constraints.Length > 0;

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
    {
        foreach (Constraint? constraint in group.Constraints)
        {
            if (constraint is null || !constraint.Matches(board.NodeAt(node)))
            {
                return 0;
            }
        }

        return Unlimited;
    }

    public override string Explain(int nodes) => Counted("scheduling constraints not satisfied", nodes);
}

/// <summary>The image is there for the node's platform.</summary>
internal sealed class PlatformFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group) => !group.Spec.Placement.Platforms.IsEmpty;

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
    {
        if (board.NodeAt(node).Description is { } description)
        {
            foreach (Platform wanted in group.Spec.Placement.Platforms)
            {
                if (Fits(wanted, description.Platform))
                {
                    return Unlimited;
                }
            }
        }

        return 0;
    }

    public override string Explain(int nodes) => Counted("unsupported platform", nodes);

    private static bool Fits(Platform wanted, Platform found)
        => (wanted.Architecture.Length == 0 || PlatformNames.Normalized(wanted.Architecture) == PlatformNames.Normalized(found.Architecture))
            && (wanted.Os.Length == 0 || wanted.Os == found.Os);
}

/// <summary>The ports the tasks open on their node itself are free there; so a node takes one of them at most.</summary>
internal sealed class HostPortFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group) => group.Ports.Length > 0;

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
    {
        foreach (HostPort port in group.Ports)
        {
            if (board.IsPortUsed(node, port))
            {
                return 0;
            }
        }

        return 1;
    }

    public override string Explain(int nodes) => Counted("host-mode port already in use", nodes);
}

internal sealed class MaxReplicasFilter : NodeFilter
{
    public override bool AppliesTo(TaskGroup group) => group.Spec.Placement.MaxReplicasPerNode > 0;

    public override int Room(TaskGroup group, PlacementSnapshot board, int node)
        => (int)Math.Min(Unlimited, group.Spec.Placement.MaxReplicasPerNode - Math.Min((ulong)board.ServiceTasks[node], group.Spec.Placement.MaxReplicasPerNode));

    public override string Explain(int nodes) => "max replicas per node limit exceed";
}
