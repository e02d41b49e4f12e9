using Skep.Manager.Allocation;

namespace Skep.Manager.Dispatch;

/// <summary>Decides what one node has to know. Pure: the same view gives the same set.</summary>
/// <remarks>
/// A node gets its own tasks with the secrets, configs and networks they name; the ingress network and all published services always, since every node answers
/// for them; and of its other networks the endpoints and services, wherever they run. Source: moby/swarmkit:manager/dispatcher/assignments.go (what a task drags along).
/// </remarks>
internal static class AssignmentPlanner
{
    public static Dictionary<AssignmentKey, AssignmentItem> Plan(StoreView view, NetworkTables tables, NodeId node)
    {
        var items = new Dictionary<AssignmentKey, AssignmentItem>();
        var networks = new SortedSet<NetworkId>();
        if (tables.Ingress is { } ingress)
        {
            networks.Add(ingress);
        }

        foreach (SwarmTask task in view.Tasks.OfNode(node))
        {
            // Before Assigned the scheduler may still change its mind; after Remove nothing is left to do.
            if (!task.IsAssigned)
            {
                continue;
            }

            Add(items, new AssignmentItem.TaskAssignment(ForNode(task)));
            if (task.HasEnded)
            {
                continue;
            }

            foreach (NetworkAttachment attachment in task.Networks)
            {
                networks.Add(attachment.Network);
            }

            AddDependencies(items, view, task.Spec.Container);
        }

        foreach (AssignmentItem peer in tables.Peers)
        {
            Add(items, peer);
        }

        foreach (NetworkId id in networks)
        {
            // One that is each node's own is never given anything, but the node has to know which of its own is meant.
            if (view.Networks.Find(id) is not { } network || (network.Allocation is null && network.IsOverlay()))
            {
                continue;
            }

            Add(items, new AssignmentItem.NetworkInfo(network));
            foreach (AssignmentItem service in tables.ServicesOf(id))
            {
                Add(items, service);
            }

            foreach (AssignmentItem endpoint in tables.EndpointsOf(id))
            {
                Add(items, endpoint);
            }
        }

        return items;
    }

    /// <summary>The task without what the node itself reports or does not need, so that its own reports do not come back to it as changes.</summary>
    private static SwarmTask ForNode(SwarmTask task) => task with
    {
        Version = ObjectVersion.None,
        UpdatedAt = task.CreatedAt,
        RunningSince = null,
        Status = task.HasEnded ? task.Status : new SwarmTaskStatus(TaskState.Assigned, task.CreatedAt),
    };

    private static void AddDependencies(Dictionary<AssignmentKey, AssignmentItem> items, StoreView view, ContainerSpec container)
    {
        foreach (SecretReference reference in container.Secrets)
        {
            if (view.Secrets.Find(reference.Id) is { } secret)
            {
                Add(items, new AssignmentItem.SecretData(secret));
            }
        }

        foreach (ConfigReference reference in container.Configs)
        {
            if (view.Configs.Find(reference.Id) is { } config)
            {
                Add(items, new AssignmentItem.ConfigData(config));
            }
        }
    }

    private static void Add(Dictionary<AssignmentKey, AssignmentItem> items, AssignmentItem item) => items[item.Key] = item;
}
