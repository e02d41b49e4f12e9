using Skep.Engine.Networks;

namespace Skep.Engine.Containers;

/// <summary>Plugging in and out by hand. What is said of a container that does not run holds from its next start on.</summary>
internal sealed partial class StandaloneContainer
{
    /// <param name="wish">The network by its name, as specs have it.</param>
    public async Task ConnectAsync(StandaloneEndpoint wish, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            RequireNetworksOfItsOwn();
            if (_record.Spec.Endpoints.Any(e => e.Network == wish.Network))
            {
                throw StandaloneNetworks.AlreadyOn(_record, wish.Network);
            }

            ValueList<StandaloneEndpoint> wishes = [.. RequestedEndpoints(), wish];
            if (_record.IsAlive)
            {
                await ReconnectAsync(await _networks.ConnectAsync(_record, wish, ct), ct);
            }

            Save(_record with { Spec = _record.Spec with { Endpoints = wishes } });
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <param name="name">The network as specs have it.</param>
    /// <param name="id">Its id, if it has one that is known.</param>
    /// <returns>What it had there; null when it does not run.</returns>
    public async Task<LocalEndpoint?> DisconnectAsync(string name, NetworkId? id, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            RequireNetworksOfItsOwn();
            LocalEndpoint? present = _record.Networks.Endpoints.FirstOrDefault(e => e.Name == name || e.Network == id || e.Network.Value == name);
            StandaloneEndpoint? wished = RequestedEndpoints().FirstOrDefault(e => e.Network == name || e.Network == id?.Value || (present is not null && (e.Network == present.Name || present.Network.Value.StartsWith(e.Network, StringComparison.Ordinal))));
            if (wished is null || (_record.IsAlive && present is null))
            {
                throw new ClusterException(ErrorKind.PermissionDenied, $"container {Id} is not connected to network {name}");
            }

            ValueList<StandaloneEndpoint> left = RequestedEndpoints().Where(e => e != wished).ToValueList();
            if (_record.IsAlive)
            {
                await ReconnectAsync(await _networks.DisconnectAsync(_record, present!, ct), ct);
            }

            Save(_record with { Spec = _record.Spec with { Endpoints = left.IsEmpty ? [new StandaloneEndpoint(StandaloneNetworks.Nothing)] : left } });
            return _record.IsAlive ? present : null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>What happens to all its networks with its start and its end.</summary>
    private void PublishConnections(string action)
    {
        foreach (LocalEndpoint endpoint in _record.Networks.Endpoints)
        {
            string type = endpoint.IsOfCluster ? "overlay" : endpoint.IsDirect ? "macvlan" : endpoint.Name switch { "host" => "host", "none" => "null", _ => "bridge" };
            _shop.Events.Publish("network", action, endpoint.Network.Value, ("container", Id), ("name", endpoint.Name), ("type", type));
        }
    }

    private async Task ReconnectAsync(JoinedNetworks joined, CancellationToken ct)
    {
        Save(_record with { Networks = joined.Plugged });
        await _maker.RewriteHostsAsync(_record, joined.Network, ct);
    }

    private ValueList<StandaloneEndpoint> RequestedEndpoints() => _record.Spec.Endpoints.Where(e => e.Network != StandaloneNetworks.Nothing).ToValueList();

    private void RequireNetworksOfItsOwn()
    {
        switch (_record.Spec.NetworkMode)
        {
            case "host":
                throw ClusterException.Invalid("container cannot be disconnected from host network or connected to host network");
            case "none":
                throw ClusterException.Invalid("container cannot be connected to multiple networks with one of the networks in private (none) mode");
            case var mode when StandaloneNetworks.IsShared(mode):
                throw ClusterException.Invalid("container sharing network namespace with another container or host cannot be connected to any other network");
        }
    }
}
