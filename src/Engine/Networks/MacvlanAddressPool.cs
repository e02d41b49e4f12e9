using System.Collections.Concurrent;
using Skep.Overlay;

namespace Skep.Engine.Networks;

/// <summary>Places of tasks in networks of the cluster that each node makes of a device of its own, by settings its user keeps there under a name.</summary>
internal sealed class MacvlanAddressPool(LocalNetworkStore book)
{
    private readonly ConcurrentDictionary<string, AddressLeases> _bySettings = new(StringComparer.Ordinal);

    /// <returns>The same place when asked again; its interface has no name yet.</returns>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the node lacks the settings or the device.</exception>
    public DirectAttachment Take(Network network, TaskId task)
    {
        string name = network.Spec.ConfigFrom ?? "";
        LocalNetwork settings = book.Find(name) is { IsConfigOnly: true } found
            ? found
            : throw ClusterException.Invalid($"network {network.Name} is made from the settings {name}, which this node does not have: docker network create --config-only … {name}");
        if (!HostPrefixes.HasLink(settings.Parent))
        {
            throw ClusterException.Invalid($"network {network.Name}: the parent interface {settings.Parent} of {name} is not there on this node");
        }

        AddressLeases addresses = _bySettings.GetOrAdd(settings.Id, _ => new AddressLeases(book.AddressesOf(settings), settings.Range ?? settings.Subnet, settings.Reserved));
        DirectAttachment place = settings.Direct(network.Id, addresses.Take(task), "");
        return network.Spec.Internal ? place with { Gateway = null } : place;
    }

    public void Release(TaskId task)
    {
        foreach (AddressLeases addresses in _bySettings.Values)
        {
            addresses.Release(task);
        }
    }
}
