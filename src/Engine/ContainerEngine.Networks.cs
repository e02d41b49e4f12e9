using Skep.Engine.Containers;
using Skep.Engine.Networks;

namespace Skep.Engine;

/// <summary>The networks this node takes part in: its users' own, and the cluster's.</summary>
public sealed partial class ContainerEngine
{
    /// <summary>Those of the cluster that are in use here, as managers told; empty outside a cluster.</summary>
    public IEnumerable<Network> ClusterNetworks => _networks?.ClusterNetworks ?? [];

    /// <summary>Those that users made on this node.</summary>
    public IReadOnlyList<LocalNetwork> OwnNetworks => _networks?.Store.All ?? [];

    /// <summary>By name, id or unambiguous beginning of an id.</summary>
    public LocalNetwork? FindNetwork(string name) => _networks?.Store.Find(name);

    /// <exception cref="ClusterException"><see cref="ErrorKind.AlreadyExists"/>: the name; <see cref="ErrorKind.PermissionDenied"/>: the subnet overlaps another's.</exception>
    public LocalNetwork CreateNetwork(LocalNetworkSpec wish)
    {
        LocalNetwork made = Networks().Store.Create(Networks().Check(wish));
        PublishNetwork("create", made);
        return made;
    }

    /// <summary>Refuses what this node cannot do with a network of its own; nothing is made.</summary>
    /// <exception cref="ClusterException">In words for the user.</exception>
    public void CheckNetwork(LocalNetworkSpec wish) => Networks().Check(wish);

    /// <exception cref="ClusterException"><see cref="ErrorKind.PermissionDenied"/>: running containers are on it.</exception>
    public void RemoveNetwork(LocalNetwork network)
    {
        StandaloneSandbox[] users = [.. Networks().SandboxesOn(network.Key)];
        if (users.Length > 0)
        {
            string named = string.Join(" ", users.Select(u => $"name:\"{u.Name}\" id:\"{u.Container[..12]}\""));
            throw new ClusterException(ErrorKind.PermissionDenied, $"error while removing network: network {network.Name} has active endpoints ({named})");
        }

        IEnumerable<string> made = OwnNetworks.Where(n => n.ConfigFrom == network.Name).Select(n => n.Name).Concat(ClusterNetworks.Where(n => n.Spec.ConfigFrom == network.Name).Select(n => n.Name));
        if (network.IsConfigOnly && made.FirstOrDefault() is { } dependent)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"configuration network \"{network.Name}\" is in use by network {dependent}");
        }

        Networks().Store.Remove(network);
        PublishNetwork("destroy", network);
    }

    /// <summary>Settings count as used: nothing shows who will ask for them.</summary>
    public bool IsUsed(LocalNetwork network) => network.IsConfigOnly || Networks().SandboxesOn(network.Key).Any();

    /// <param name="name">Of the container.</param>
    public async Task ConnectContainerAsync(string name, StandaloneEndpoint wish, CancellationToken ct)
    {
        StandaloneContainer container = Own(name, "connected to networks");
        wish = wish with { Network = Networks().NameOf(wish.Network) };
        Networks().Check(wish);
        await container.ConnectAsync(wish, ct);
        PublishConnection("connect", container.Id, FindNetwork(wish.Network)?.Id ?? wish.Network, wish.Network);
    }

    /// <param name="id">Of the network, if it is one of the cluster's and the asked node knows it.</param>
    /// <param name="force">The container may be gone.</param>
    public async Task DisconnectContainerAsync(string name, string network, NetworkId? id, bool force, CancellationToken ct)
    {
        StandaloneContainer container;
        try
        {
            container = Own(name, "disconnected from networks");
        }
        catch (ClusterException e) when (force && e.Kind == ErrorKind.NotFound)
        {
            return;
        }

        string known = Networks().NameOf(network);
        await container.DisconnectAsync(known, id ?? FindNetwork(known)?.Key, ct);
        PublishConnection("disconnect", container.Id, FindNetwork(known)?.Id ?? id?.Value ?? known, known);
    }

    private StandaloneNetworks Networks() => _networks ?? throw new ClusterException(ErrorKind.NotImplemented, "networks need a data plane, which this node does not have");

    private void PublishNetwork(string action, LocalNetwork network) => _shop.Events.Publish("network", action, network.Id, ("name", network.Name), ("type", network.Driver));

    private void PublishConnection(string action, string container, string id, string name)
        => _shop.Events.Publish("network", action, id, ("container", container), ("name", name), ("type", name is "bridge" || FindNetwork(name) is not null ? "bridge" : "overlay"));
}
