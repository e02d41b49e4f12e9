using Skep.Manager.Allocation;

namespace Skep.Manager.Control;

/// <summary>Finds what a user names by id, by name, or by an unambiguous beginning of its id, tried in this order.</summary>
public static class ObjectLookup
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.NotFound"/>, or <see cref="ErrorKind.InvalidArgument"/> if ambiguous.</exception>
    public static Service Service(this StoreView view, string name)
        => view.Services.FindKey(name) ?? view.Services.ByName(name) ?? Only(view.Services.WithIdPrefix(name), "service", name);

    /// <inheritdoc cref="Service"/>
    public static Node Node(this StoreView view, string name)
    {
        if (view.Nodes.FindKey(name) is { } exact)
        {
            return exact;
        }

        IReadOnlyCollection<Node> named = view.Nodes.ByHostname(name);
        return named.Count > 0 && name.Length > 0 ? Only(named, "node", name) : Only(view.Nodes.WithIdPrefix(name), "node", name);
    }

    /// <inheritdoc cref="Service"/>
    public static Network Network(this StoreView view, string name)
        => NetworkPlan.Find(view, name) ?? Only([.. view.Networks.WithIdPrefix(name).Where(n => !n.IsRemoved)], "network", name);

    /// <inheritdoc cref="Service"/>
    public static Secret Secret(this StoreView view, string name)
        => view.Secrets.FindKey(name) ?? view.Secrets.ByName(name) ?? Only(view.Secrets.WithIdPrefix(name), "secret", name);

    /// <inheritdoc cref="Service"/>
    public static Config Config(this StoreView view, string name)
        => view.Configs.FindKey(name) ?? view.Configs.ByName(name) ?? Only(view.Configs.WithIdPrefix(name), "config", name);

    /// <inheritdoc cref="Service"/>
    public static SwarmTask Task(this StoreView view, string name)
        => view.Tasks.FindKey(name) ?? Only(view.Tasks.WithIdPrefix(name), "task", name);

    /// <summary>The cluster.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: it is just being made.</exception>
    public static Cluster RequireCluster(this StoreView view) => view.Cluster ?? throw new ClusterException(ErrorKind.Unavailable, "the cluster is not initialized yet");

    private static T Only<T>(IEnumerable<T> matches, string what, string name)
        where T : class
    {
        // An empty name would be a prefix of every id.
        T[] found = name.Length == 0 ? [] : [.. matches];
        return found switch
        {
            [] => throw ClusterException.NotFound(what, name),
            [var one] => one,
            _ => throw ClusterException.Invalid($"{what} {name} is ambiguous ({found.Length} matches found)"),
        };
    }
}
