using System.Collections.Concurrent;
using Skep.Engine.Containerd;
using Skep.Engine.Containers;

namespace Skep.Engine.Networks;

/// <summary>Gives standalone containers their place in the node's network: the default bridge (an address behind the node's), the node's own networks, attachable ones of
/// the cluster.</summary>
internal sealed class StandaloneNetworks : IStandaloneNetworks
{
    public static readonly NetworkId DefaultBridge = new("bridge");

    /// <summary>Stands in a spec for all networks having been taken from a container.</summary>
    public const string Nothing = "none";

    private readonly NetworkLoop _loop;
    private readonly LocalNetworkStore _book;
    private readonly ContainerRuntime _runtime;
    private readonly INetworkAttachments _attachments;
    private readonly ConcurrentDictionary<TaskId, StandaloneSandbox> _places = new();
    private readonly Lock _gate = new();

    public StandaloneNetworks(NetworkLoop loop, LocalNetworkStore book, ContainerRuntime runtime, INetworkAttachments attachments)
    {
        _loop = loop;
        _book = book;
        _runtime = runtime;
        _attachments = attachments;
        loop.Locals = () => StandaloneSandbox.Picture([.. _places], _book.All, HostPrefixes.HasLink);
    }

    /// <summary>Set once, before use: who else there is.</summary>
    public ContainerStore? Containers { get; set; }

    public LocalNetworkStore Store => _book;

    /// <summary>The cluster's networks that this node takes part in.</summary>
    public IEnumerable<Network> ClusterNetworks => _loop.Cluster?.Networks ?? [];

    public static bool IsShared(string mode) => mode.StartsWith("container:", StringComparison.Ordinal);

    public StandaloneSpec Check(StandaloneSpec spec)
    {
        string mode = spec.NetworkMode is "default" or "" ? "bridge" : spec.NetworkMode;
        if (IsShared(mode))
        {
            return spec with { Endpoints = [] };
        }

        if (mode is "host" or "none")
        {
            return spec.Endpoints.Any(e => e.Network != mode)
                ? throw ClusterException.Invalid($"conflicting options: cannot attach both user-defined and non-user-defined network-modes: a container on network {mode} has no other")
                : spec with { Endpoints = [] };
        }

        mode = NameOf(mode);
        StandaloneEndpoint[] named = [.. spec.Endpoints.Select(e => e with { Network = NameOf(e.Network) })];
        StandaloneEndpoint first = named.FirstOrDefault(e => e.Network == mode) ?? new StandaloneEndpoint(mode);
        StandaloneSpec whole = spec with { NetworkMode = mode, Endpoints = [first, .. named.Where(e => e.Network != mode).DistinctBy(e => e.Network)] };
        foreach (StandaloneEndpoint wish in whole.Endpoints)
        {
            Check(wish);
        }

        return whole;
    }

    public async Task<JoinedNetworks> JoinAsync(StandaloneRecord record, CancellationToken ct)
    {
        switch (record.Spec.NetworkMode)
        {
            case "host":
                return WithoutPlace(new JoinedNetwork(null, null, [], []), "host");
            case "none":
                return WithoutPlace(new JoinedNetwork("", null, [], []), "none");
            case var mode when IsShared(mode):
                return new JoinedNetworks(await ShareAsync(mode[10..], ct), NetworkSettings.Nothing);
        }

        var attached = new Dictionary<string, LocalEndpoint>(StringComparer.Ordinal);
        foreach (StandaloneEndpoint wish in RequestedEndpoints(record.Spec).Where(w => !IsOfNode(w.Network)))
        {
            attached[wish.Network] = await AttachAsync(record, wish, ct);
        }

        StandaloneSandbox place;
        lock (_gate)
        {
            NetworkSettings plugged = new NetworkSettings(RequestedEndpoints(record.Spec).Select(w => attached.GetValueOrDefault(w.Network) ?? EndpointOn(record, w)).ToValueList(), [], "");
            plugged = plugged.Numbered();
            if (plugged.Egress.Length > 0)
            {
                plugged = plugged with { Ports = PortsOf(record, plugged) };
            }

            _places[record.Sandbox] = place = StandaloneSandbox.Of(record, plugged, _loop.Addresses.Take, _book.Find);
        }

        await AppliedAsync(place, ct);
        return Join(place, await _loop.Network.CreateSandboxAsync(record.Sandbox, ct));
    }

    public void Adopt(StandaloneRecord record)
    {
        if (record.Spec.NetworkMode is "host" or "none" || IsShared(record.Spec.NetworkMode))
        {
            return;
        }

        _places[record.Sandbox] = StandaloneSandbox.Of(record, record.Networks.Numbered(), _loop.Addresses.Take, _book.Find);
        foreach (LocalEndpoint endpoint in record.Networks.Endpoints.Where(e => e.IsOfCluster && e.Address is not null))
        {
            _attachments.Adopt(new AttachmentRecord(record.Id, record.Name, endpoint.Network, NamesOf(record, endpoint.Aliases), endpoint.Address!.Value));
        }
    }

    public async Task<JoinedNetworks> ConnectAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct)
    {
        LocalEndpoint? attached = IsOfNode(wish.Network) ? null : await AttachAsync(record, wish, ct);
        StandaloneSandbox before, place;
        lock (_gate)
        {
            before = _places.GetValueOrDefault(record.Sandbox) ?? throw ClusterException.Invalid($"container {record.Id} has no network of its own");
            LocalEndpoint endpoint = attached ?? EndpointOn(record, wish);
            if (before.Plugged.Endpoints.Any(e => e.Network == endpoint.Network))
            {
                throw AlreadyOn(record, endpoint.Name);
            }

            _places[record.Sandbox] = place = Reconnect(record, before.Plugged with { Endpoints = before.Plugged.Endpoints.Add(endpoint) });
        }

        try
        {
            await AppliedAsync(place, ct);
        }
        catch (ClusterException)
        {
            _places[record.Sandbox] = before;
            _loop.Changed();
            if (attached is not null)
            {
                await _attachments.ReleaseAsync(record.Id, attached.Network, ct);
            }

            throw;
        }

        return Join(place, path: null);
    }

    public async Task<JoinedNetworks> DisconnectAsync(StandaloneRecord record, LocalEndpoint endpoint, CancellationToken ct)
    {
        StandaloneSandbox place;
        lock (_gate)
        {
            StandaloneSandbox before = _places.GetValueOrDefault(record.Sandbox) ?? throw ClusterException.Invalid($"container {record.Id} has no network of its own");
            _places[record.Sandbox] = place = Reconnect(record, before.Plugged with { Endpoints = before.Plugged.Endpoints.Where(e => e.Network != endpoint.Network).ToValueList() });
        }

        await AppliedAsync(place, ct);
        if (endpoint.IsOfCluster)
        {
            await _attachments.ReleaseAsync(record.Id, endpoint.Network, ct);
        }

        return Join(place, path: null);
    }

    public async Task LeaveAsync(StandaloneRecord record, CancellationToken ct)
    {
        if (_places.TryRemove(record.Sandbox, out StandaloneSandbox? place))
        {
            try
            {
                await _loop.Network.RemoveSandboxAsync(record.Sandbox, ct);
            }
            catch
            {
                _places.TryAdd(record.Sandbox, place); // Whoever asks again finds it.
                throw;
            }

            long version = _loop.Changed();
            if (!place.Sandbox.HostPorts.IsEmpty)
            {
                await ReleasedAsync(version, ct);
            }
        }

        _loop.Addresses.Release(record.Sandbox);
        await _attachments.ReleaseAsync(record.Id, network: null, ct);
    }

    /// <summary>What this node can do with a network of its own that is wished for.</summary>
    /// <returns>The wish with the settings it is to be made from.</returns>
    /// <exception cref="ClusterException">In words for the user.</exception>
    public LocalNetworkSpec Check(LocalNetworkSpec wish)
    {
        if (wish.ConfigFrom.Length > 0)
        {
            LocalNetwork from = _book.Find(wish.ConfigFrom) is { IsConfigOnly: true } config ? config : throw new ClusterException(ErrorKind.NotFound, $"network {wish.ConfigFrom} not found");
            wish = wish with { Subnet = from.Subnet, Range = from.Range, Gateway = from.Gateway, Auxiliary = from.Auxiliary, Options = from.Options };
        }

        if (wish.Driver != "macvlan")
        {
            return wish;
        }

        string parent = wish.Options.TryGetValue(LocalNetwork.ParentOption, out string? named) ? named : "";
        if (!_loop.Network.Features.Macvlan)
        {
            throw new ClusterException(ErrorKind.NotImplemented, "macvlan is not supported by this machine's kernel");
        }

        if (!HostPrefixes.HasLink(parent))
        {
            throw ClusterException.Invalid($"the parent interface {parent} is not there: make it first (ip link), or choose another");
        }

        if (_book.All.FirstOrDefault(n => n.IsDirect && n.Parent == parent) is { } other)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"network {other.Name} is already using parent interface {parent}");
        }

        return wish;
    }

    /// <summary>Who is plugged into a network now.</summary>
    public IEnumerable<StandaloneSandbox> SandboxesOn(NetworkId network) => _places.Values.Where(p => p.Plugged.Endpoints.Any(e => e.Network == network));

    public static ClusterException AlreadyOn(StandaloneRecord record, string network)
        => new(ErrorKind.PermissionDenied, $"endpoint with name {record.Name} already exists in network {network}");

    /// <summary>How a network of the node is called in specs; others as they were asked for.</summary>
    public string NameOf(string network) => network is "bridge" or "default" ? "bridge" : _book.Find(network)?.Name ?? network;

    /// <summary>What a wish may ask for.</summary>
    public void Check(StandaloneEndpoint wish)
    {
        if (wish.Network == "bridge")
        {
            if (wish.Address is not null)
            {
                throw ClusterException.Invalid("invalid config for network bridge: invalid endpoint settings:\nuser specified IP address is supported on user defined networks only");
            }

            if (!wish.Aliases.IsEmpty)
            {
                throw ClusterException.Invalid("invalid config for network bridge: invalid endpoint settings:\nnetwork-scoped aliases are only supported for user-defined networks");
            }
        }
        else if (wish.Network is "host" or "none")
        {
            throw ClusterException.Invalid("container cannot be connected to multiple networks with one of the networks in " + (wish.Network == "none" ? "private (none)" : "host") + " mode");
        }
    }

    private static ClusterException NoSuchNetwork(string name) => new(ErrorKind.NotFound, $"network {name} not found");

    /// <summary>The container's networks in the order they are plugged in.</summary>
    private static IEnumerable<StandaloneEndpoint> RequestedEndpoints(StandaloneSpec spec)
        => spec.Endpoints.IsEmpty ? [new StandaloneEndpoint(spec.NetworkMode is "default" or "" ? "bridge" : spec.NetworkMode)] : spec.Endpoints.Where(e => e.Network != Nothing);

    /// <summary>What a container is known by besides its name.</summary>
    private static ValueList<string> NamesOf(StandaloneRecord record, ValueList<string> aliases)
        => aliases.Concat(StandaloneSandbox.NamesOf(record)).Where(n => n != record.Name).Distinct().ToValueList();

    private static JoinedNetworks WithoutPlace(JoinedNetwork network, string name)
        => new(network, new NetworkSettings([new LocalEndpoint(new NetworkId(name), name, null, 0) { IsInternal = true }], [], ""));

    private static JoinedNetworks Join(StandaloneSandbox place, string? path)
        => new(new JoinedNetwork(path, place.Sandbox.Overlays.IsEmpty && place.Sandbox.Directs.IsEmpty ? null : place.Sandbox.Dns.ToResolvConf(), place.Plugged.Endpoints, []), place.Plugged);

    private bool IsOfNode(string network) => network == "bridge" || _book.Find(network) is not null;

    private async Task<JoinedNetwork> ShareAsync(string name, CancellationToken ct)
    {
        StandaloneContainer other = Containers?.Find(name)
            ?? throw new ClusterException(ErrorKind.NotFound, $"failed to set up container networking: joining network namespace of container: No such container: {name}");
        return await _runtime.StateAsync(other.Id, ct) is { Pid: > 0 } process && other.Record.IsAlive
            ? new JoinedNetwork($"/proc/{process.Pid}/ns/net", null, [], [])
            : throw new ClusterException(ErrorKind.AlreadyExists, $"cannot join network of a non running container: {other.Id}");
    }

    private StandaloneSandbox Reconnect(StandaloneRecord record, NetworkSettings plugged) => StandaloneSandbox.Of(record, plugged.Numbered(), _loop.Addresses.Take, _book.Find);

    private async Task AppliedAsync(StandaloneSandbox place, CancellationToken ct)
    {
        await _loop.AppliedAsync(_loop.Changed(), ct);
        foreach (LocalEndpoint endpoint in place.Plugged.Endpoints)
        {
            if (_loop.ReasonAgainst(endpoint.Network) is { } reason)
            {
                throw ClusterException.Invalid($"failed to set up container networking: network {endpoint.Name}: {reason}");
            }
        }
    }

    /// <summary>Its ports are free again when this is done; but an end must not wait for a network that is broken.</summary>
    private async Task ReleasedAsync(long version, CancellationToken ct)
    {
        try
        {
            await _loop.AppliedAsync(version, ct);
        }
        catch (ClusterException e)
        {
            _loop.LogFailure(e.Message);
        }
    }

    /// <summary>A place in a network of the cluster.</summary>
    private async Task<LocalEndpoint> AttachAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct)
    {
        try
        {
            AttachedNetwork given = await _attachments.AttachAsync(record.Id, record.Name, wish.Network, NamesOf(record, wish.Aliases), wish.Address, ct);
            return new LocalEndpoint(given.Network, given.Name, given.Address, given.PrefixLength)
            {
                Gateway = given.Gateway,
                Mac = MacAddress.ForTask(given.Address),
                Aliases = wish.Aliases,
                IsOfCluster = true,
                IsInternal = given.Internal,
            };
        }
        catch (ClusterException e)
        {
            throw new ClusterException(e.Kind, $"failed to set up container networking: {e.Message}", e);
        }
    }

    /// <summary>A place in a network of the node.</summary>
    private LocalEndpoint EndpointOn(StandaloneRecord record, StandaloneEndpoint wish)
    {
        if (wish.Network == "bridge")
        {
            Ipv4Address own = _loop.Addresses.Take(record.Sandbox);
            return new LocalEndpoint(DefaultBridge, "bridge", own, _loop.Addresses.Pool.Length) { Gateway = _loop.Addresses.Pool[1], Mac = MacAddress.ForTask(own) };
        }

        LocalNetwork network = _book.Find(wish.Network) ?? throw NoSuchNetwork(wish.Network);
        if (network.IsConfigOnly)
        {
            throw new ClusterException(ErrorKind.PermissionDenied, $"failed to set up container networking: network {network.Name} holds settings only: make a network from it with --config-from");
        }

        if (network.IsDirect && !HostPrefixes.HasLink(network.Parent))
        {
            throw ClusterException.Invalid($"failed to set up container networking: the parent interface {network.Parent} of network {network.Name} is not there");
        }

        HashSet<Ipv4Address> taken = [.. SandboxesOn(network.Key).SelectMany(p => p.Plugged.Endpoints.Where(e => e.Network == network.Key)).Select(e => e.Address).OfType<Ipv4Address>()];
        Ipv4Address address = network.Choose(wish.Address, taken);
        return new LocalEndpoint(network.Key, network.Name, address, network.Subnet.Length)
        {
            Gateway = network.Gateway,
            Mac = MacAddress.ForTask(address),
            Aliases = wish.Aliases,
            IsInternal = network.Internal,
            IsDirect = network.IsDirect,
        };
    }

    private ValueList<LocalPort> PortsOf(StandaloneRecord record, NetworkSettings plugged)
    {
        string? address = plugged.Endpoints.Select(e => _book.Find(e.Network)?.HostAddress).OfType<Ipv4Address>().Select(a => a.ToString()).FirstOrDefault();
        ValueList<StandalonePort> wishes = record.Spec.Ports.Select(p => p.HostAddress.Length == 0 && address is not null ? p with { HostAddress = address } : p).ToValueList();
        IEnumerable<LocalPort> taken = _places.Where(p => p.Key != record.Sandbox).SelectMany(p => p.Value.Plugged.Ports);
        return HostPortAllocator.Choose(wishes, taken, HostPortAllocator.RefusalOfKernel, record.Name);
    }
}
