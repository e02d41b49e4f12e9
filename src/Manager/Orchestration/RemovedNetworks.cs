namespace Skep.Manager.Orchestration;

/// <summary>Networks that users removed while containers still stop on them go when the last of these has ended.</summary>
/// <remarks>
/// Swarm gives such a network's subnet and addresses to the next one at once, and takes the old containers' way to the network away: <c>stack rm</c> and
/// <c>stack deploy</c> cut off whatever needs its grace period.
/// </remarks>
internal sealed class RemovedNetworks : IReconciler<NetworkId>
{
    /// <summary>How a network that nobody uses goes: at once, or when what still stops on it has ended.</summary>
    public static StoreChange Removal(Network network, StoreView view)
        => !network.Spec.Ingress && IsHeld(network.Id, view) ? new StoreChange.Update(network with { IsRemoved = true }) : StoreChange.Remove.Of(network);

    public IEnumerable<NetworkId> AllKeys(StoreView view) => view.Networks.Where(n => n.IsRemoved).Select(n => n.Id);

    public IEnumerable<NetworkId> KeysTouchedBy(StoreEvent change, StoreView view) => change.Latest switch
    {
        Network { IsRemoved: true } network => [network.Id],
        SwarmTask task => task.Networks.Select(n => n.Network).Where(n => view.Networks.Find(n) is { IsRemoved: true }),
        Node => AllKeys(view), // What was on a node that is lost is not waited for.
        _ => [],
    };

    public Plan Reconcile(StoreView view, NetworkId key, Moment moment)
        => view.Networks.Find(key) is { IsRemoved: true } network && !IsHeld(key, view) ? new Plan([StoreChange.Remove.Of(network)], null) : Plan.Nothing;

    private static bool IsHeld(NetworkId network, StoreView view)
        => view.Tasks.Any(t => t.Networks.Any(n => n.Network == network) && t.MayStillRun(t.Node is { } node ? view.Nodes.Find(node) : null));
}
