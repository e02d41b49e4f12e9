using System.Collections.Concurrent;
using Skep.Overlay;
using Skep.Worker.Agent;
using Skep.Worker.Containerd;
using Skep.Worker.Local;
using Skep.Worker.Tasks;

namespace Skep.Worker.Standalone;

/// <summary>Gives standalone containers their place in the node's network: the default bridge (an address behind the node's), local networks, attachable ones.</summary>
internal sealed class StandaloneNetworks : IStandaloneNetworks
{
    public static readonly NetworkId DefaultBridge = new("bridge");
    private const int FirstDynamicPort = 32768;
    private const int LastDynamicPort = 60999;

    private readonly NodeTaskNetworks _node;
    private readonly LocalBridges _bridges;
    private readonly ContainerRuntime _runtime;
    private readonly ClusterAttachments _attachments;
    private readonly ConcurrentDictionary<TaskId, Place> _places = new();
    private readonly Lock _gate = new();

    public StandaloneNetworks(NodeTaskNetworks node, LocalBridges bridges, ContainerRuntime runtime, ClusterAttachments attachments)
    {
        _node = node;
        _bridges = bridges;
        _runtime = runtime;
        _attachments = attachments;
        node.Locals = Picture;
    }

    /// <summary>Set once, before use: who else there is.</summary>
    public StandaloneHouse? House { get; set; }

    public LocalBridges Bridges => _bridges;

    /// <summary>The cluster's networks that this node takes part in.</summary>
    public IEnumerable<Network> OfCluster => _node.View.Networks.Values;

    public Task CheckAsync(StandaloneSpec spec, CancellationToken ct)
    {
        if (spec.NetworkMode.StartsWith("container:", StringComparison.Ordinal))
        {
            if (House?.Find(spec.NetworkMode[10..]) is null)
                throw new ClusterException(ErrorKind.NotFound, $"No such container: {spec.NetworkMode[10..]}");
            return Task.CompletedTask;
        }

        // Whether the cluster has such a network a manager says at the start, as with Docker.
        foreach (StandaloneEndpoint wish in Wishes(spec))
        {
            if (_bridges.Find(wish.Network) is null && !_attachments.HasCluster)
                throw NoSuchNetwork(wish.Network);
        }

        return Task.CompletedTask;
    }

    public async Task<TaskNetwork> JoinAsync(StandaloneRecord record, CancellationToken ct)
    {
        switch (record.Spec.NetworkMode)
        {
            case "host":
                return new TaskNetwork(null, null, [new LocalEndpoint(new NetworkId("host"), "host", null, 0)], []);
            case "none":
                return new TaskNetwork("", null, [new LocalEndpoint(new NetworkId("none"), "none", null, 0)], []);
            case var mode when mode.StartsWith("container:", StringComparison.Ordinal):
                return await ShareAsync(mode[10..], ct);
        }

        Place place = _places[record.Sandbox] = await SettleAsync(record, ct);
        await _node.AppliedAsync(_node.Changed(), ct);
        foreach (LocalEndpoint endpoint in place.Endpoints)
        {
            if (_node.ReasonAgainst(endpoint.Network) is { } reason)
                throw ClusterException.Invalid($"failed to set up container networking: network {endpoint.Name}: {reason}");
        }

        string path = await _node.Network.CreateSandboxAsync(record.Sandbox, ct);
        return new TaskNetwork(path, place.Sandbox.Overlays.IsEmpty ? null : place.Sandbox.Dns.ToResolvConf(), place.Endpoints, place.Ports);
    }

    public void Adopt(StandaloneRecord record)
    {
        if (record.Spec.NetworkMode is "host" or "none" || record.Spec.NetworkMode.StartsWith("container:", StringComparison.Ordinal))
            return;
        _places[record.Sandbox] = SandboxOf(record, record.Endpoints, record.Ports);
        foreach (LocalEndpoint endpoint in record.Endpoints.Where(e => e.IsOfCluster && e.Address is not null))
            _attachments.Adopt(new AttachmentHold(record.Id, record.Name, endpoint.Network, NamesOf(record, endpoint.Aliases), endpoint.Address!.Value));
    }

    public async Task<LocalEndpointPlace> ConnectAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct)
    {
        LocalEndpoint endpoint;
        lock (_gate)
        {
            Place place = _places.GetValueOrDefault(record.Sandbox) ?? throw ClusterException.Invalid($"container {record.Id} has no network of its own");
            LocalBridge bridge = _bridges.Find(wish.Network) ?? throw NoSuchNetwork(wish.Network);
            if (place.Endpoints.Any(e => e.Network == bridge.Key))
                throw new ClusterException(ErrorKind.PermissionDenied, $"endpoint with name {record.Name} already exists in network {bridge.Name}");
            endpoint = EndpointOn(bridge, wish);
            var used = place.Sandbox.Overlays.Select(o => o.Interface).Append(place.Sandbox.Egress?.Interface ?? "").ToHashSet(StringComparer.Ordinal);
            int number = 0;
            while (used.Contains($"eth{number}"))
                number++;
            _places[record.Sandbox] = place with
            {
                Name = record.Name,
                Endpoints = place.Endpoints.Add(endpoint),
                Sandbox = place.Sandbox with { Overlays = place.Sandbox.Overlays.Add(new OverlayAttachment(bridge.Key, endpoint.Address!.Value, $"eth{number}")) },
            };
        }

        await _node.AppliedAsync(_node.Changed(), ct);
        return new LocalEndpointPlace(endpoint);
    }

    public async Task DisconnectAsync(StandaloneRecord record, NetworkId network, CancellationToken ct)
    {
        lock (_gate)
        {
            if (_places.GetValueOrDefault(record.Sandbox) is { } place)
            {
                _places[record.Sandbox] = place with
                {
                    Endpoints = place.Endpoints.Where(e => e.Network != network).ToValueList(),
                    Sandbox = place.Sandbox with { Overlays = place.Sandbox.Overlays.Where(o => o.Network != network).ToValueList() },
                };
            }
        }

        await _node.AppliedAsync(_node.Changed(), ct);
    }

    public async Task LeaveAsync(StandaloneRecord record, CancellationToken ct)
    {
        if (_places.TryRemove(record.Sandbox, out _))
        {
            await _node.Network.RemoveSandboxAsync(record.Sandbox, ct);
            _node.Changed();
        }

        _node.Addresses.Release(record.Sandbox);
        await _attachments.ReleaseAsync(record.Id, network: null, ct);
    }

    /// <summary>Who is plugged into a network now.</summary>
    public IEnumerable<(string Container, string Name, LocalEndpoint Endpoint)> On(NetworkId network)
        => _places.Values.SelectMany(p => p.Endpoints.Where(e => e.Network == network).Select(e => (p.Container, p.Name, e)));

    private static ClusterException NoSuchNetwork(string name) => new(ErrorKind.NotFound, $"network {name} not found");

    /// <summary>The user's networks, the mode's first.</summary>
    private static IEnumerable<StandaloneEndpoint> Wishes(StandaloneSpec spec)
    {
        bool isDefault = spec.NetworkMode is "bridge" or "default" or "" or "host" or "none";
        if (!isDefault && spec.Endpoints.All(e => e.Network != spec.NetworkMode))
            yield return new StandaloneEndpoint(spec.NetworkMode);
        foreach (StandaloneEndpoint wish in spec.Endpoints.OrderBy(e => e.Network == spec.NetworkMode ? 0 : 1))
        {
            if (wish.Network is not ("bridge" or "default" or "host" or "none"))
                yield return wish;
        }
    }

    private async Task<TaskNetwork> ShareAsync(string name, CancellationToken ct)
    {
        StandaloneContainer other = House?.Find(name) ?? throw new ClusterException(ErrorKind.NotFound, $"No such container: {name}");
        return await _runtime.StateAsync(other.Id, ct) is { Pid: > 0 } process && other.Record.IsAlive
            ? new TaskNetwork($"/proc/{process.Pid}/ns/net", null, [], [])
            : throw new ClusterException(ErrorKind.AlreadyExists, $"cannot join network of a non running container: {other.Id}");
    }

    private async Task<Place> SettleAsync(StandaloneRecord record, CancellationToken ct)
    {
        var attached = new Dictionary<string, LocalEndpoint>(StringComparer.Ordinal);
        try
        {
            foreach (StandaloneEndpoint wish in Wishes(record.Spec).Where(w => _bridges.Find(w.Network) is null))
                attached[wish.Network] = await AttachAsync(record, wish, ct);
        }
        catch (ClusterException e)
        {
            throw new ClusterException(e.Kind, $"failed to set up container networking: {e.Message}", e);
        }

        return Settle(record, attached);
    }

    /// <summary>A place in a network of the cluster.</summary>
    private async Task<LocalEndpoint> AttachAsync(StandaloneRecord record, StandaloneEndpoint wish, CancellationToken ct)
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

    /// <summary>What a container is known by besides its name.</summary>
    private static ValueList<string> NamesOf(StandaloneRecord record, ValueList<string> aliases)
        => aliases.Append(record.Id[..12]).Append(record.Spec.Template.Container.Hostname).Where(n => n.Length > 0).Distinct().ToValueList();

    private Place Settle(StandaloneRecord record, Dictionary<string, LocalEndpoint> attached)
    {
        lock (_gate)
        {
            var endpoints = new List<LocalEndpoint>();
            foreach (StandaloneEndpoint wish in Wishes(record.Spec))
                endpoints.Add(attached.TryGetValue(wish.Network, out LocalEndpoint? given) ? given : EndpointOn(_bridges.Find(wish.Network) ?? throw NoSuchNetwork(wish.Network), wish));
            bool hasWayOut = endpoints.Count == 0 || endpoints.Any(e => !e.IsInternal);
            ValueList<PortConfig> ports = hasWayOut ? PortsOf(record) : [];
            if (endpoints.Count == 0 || record.Spec.Endpoints.Any(e => e.Network == "bridge") || record.Spec.NetworkMode is "bridge" or "default" or "")
            {
                Ipv4Address address = _node.Addresses.Take(record.Sandbox);
                endpoints.Add(new LocalEndpoint(DefaultBridge, "bridge", address, 16) { Gateway = Ipv4Address.From(172, 18, 0, 1), Mac = MacAddress.ForTask(address) });
            }
            else if (hasWayOut)
            {
                _node.Addresses.Take(record.Sandbox);
            }

            return SandboxOf(record, endpoints.ToValueList(), ports);
        }
    }

    private Place SandboxOf(StandaloneRecord record, ValueList<LocalEndpoint> endpoints, ValueList<PortConfig> ports)
    {
        bool onDefault = endpoints.Any(e => e.Network == DefaultBridge);
        var overlays = new List<OverlayAttachment>();
        foreach (LocalEndpoint endpoint in endpoints.Where(e => e.Network != DefaultBridge && e.Address is not null))
            overlays.Add(new OverlayAttachment(endpoint.Network, endpoint.Address!.Value, $"eth{overlays.Count}"));
        bool hasWayOut = onDefault || endpoints.Any(e => !e.IsInternal);
        DnsConfig dns = record.Spec.Template.Container.Dns ?? new DnsConfig();
        var sandbox = new TaskSandbox
        {
            Overlays = overlays.ToValueList(),
            Egress = hasWayOut ? new EgressAttachment(_node.Addresses.Take(record.Sandbox), $"eth{overlays.Count}") { IsOpen = onDefault } : null,
            HostPorts = hasWayOut ? ports.Select(p => new HostPort(new PublishedPort(p.Protocol, p.PublishedPort), p.TargetPort)).ToValueList() : [],
            Dns = new SandboxDns
            {
                Servers = dns.Nameservers.Where(s => Ipv4Address.TryParse(s, out _)).Select(Ipv4Address.Parse).ToValueList(),
                Search = dns.Search,
                Options = dns.Options,
            },
        };
        return new Place(record.Id, record.Name, sandbox, endpoints, ports);
    }

    private LocalEndpoint EndpointOn(LocalBridge bridge, StandaloneEndpoint wish)
    {
        var taken = On(bridge.Key).Select(o => o.Endpoint.Address).OfType<Ipv4Address>().Append(bridge.Gateway).ToHashSet();
        Ipv4Address address;
        if (wish.Address is { } asked)
        {
            if (!bridge.Subnet.Contains(asked))
                throw ClusterException.Invalid($"no configured subnet contains IP address {asked}");
            if (taken.Contains(asked))
                throw new ClusterException(ErrorKind.PermissionDenied, "Address already in use");
            address = asked;
        }
        else
        {
            long offset = 1;
            while (offset < bridge.Subnet.Count - 1 && taken.Contains(bridge.Subnet[offset]))
                offset++;
            if (offset >= bridge.Subnet.Count - 1)
                throw new ClusterException(ErrorKind.Unavailable, "no available IPv4 addresses on this network's address pools: " + bridge.Name);
            address = bridge.Subnet[offset];
        }

        return new LocalEndpoint(bridge.Key, bridge.Name, address, bridge.Subnet.Length) { Gateway = bridge.Gateway, Mac = MacAddress.ForTask(address), Aliases = wish.Aliases, IsInternal = bridge.Internal };
    }

    private ValueList<PortConfig> PortsOf(StandaloneRecord record)
    {
        var taken = _places.Where(p => p.Key != record.Sandbox).SelectMany(p => p.Value.Ports).Select(p => (p.Protocol, p.PublishedPort)).ToHashSet();
        var ports = new List<PortConfig>();
        foreach (StandalonePort wish in record.Spec.Ports)
        {
            int number = wish.HostPort;
            if (number == 0)
            {
                number = FirstDynamicPort;
                while (taken.Contains((wish.Protocol, number)) && number < LastDynamicPort)
                    number++;
            }

            if (!taken.Add((wish.Protocol, number)))
                throw new ClusterException(ErrorKind.Internal, $"failed to set up container networking: driver failed programming external connectivity on endpoint {record.Name}: Bind for 0.0.0.0:{number} failed: port is already allocated");
            ports.Add(new PortConfig(wish.Protocol, wish.TargetPort, number, PublishMode.Host));
        }

        return ports.ToValueList();
    }

    private LocalPicture Picture()
    {
        KeyValuePair<TaskId, Place>[] places = [.. _places];
        if (places.Length == 0)
            return LocalPicture.Empty;
        var used = places.SelectMany(p => p.Value.Endpoints).Select(e => e.Network).ToHashSet();
        LocalBridge[] bridges = [.. _bridges.All.Where(b => used.Contains(b.Key))];
        return new LocalPicture(
            places.ToValueMap(p => p.Key, p => p.Value.Sandbox),
            bridges.ToValueMap(b => b.Key, b => new OverlayNetwork(b.Name, b.Number, b.Subnet, b.Gateway, b.Gateway) { IsLocal = true, Mtu = 1500, IsInternal = b.Internal }),
            bridges.ToValueMap(b => b.Key, b => Zone(b, places.Select(p => p.Value))));
    }

    /// <summary>Containers of a network by name, beginning of the id, and aliases.</summary>
    private static DnsZone Zone(LocalBridge bridge, IEnumerable<Place> places)
    {
        var names = new Dictionary<string, ValueList<Ipv4Address>>(StringComparer.Ordinal);
        var pointers = new Dictionary<Ipv4Address, string>();
        foreach (Place place in places)
        {
            foreach (LocalEndpoint endpoint in place.Endpoints.Where(e => e.Network == bridge.Key))
            {
                foreach (string name in endpoint.Aliases.Append(place.Name).Append(place.Container[..12]).Select(n => n.ToLowerInvariant()).Distinct())
                    names[name] = names.TryGetValue(name, out ValueList<Ipv4Address> present) ? present.Add(endpoint.Address!.Value) : [endpoint.Address!.Value];
                pointers[endpoint.Address!.Value] = $"{place.Name}.{bridge.Name}";
            }
        }

        return new DnsZone { Names = names.ToValueMap(), Pointers = pointers.ToValueMap() };
    }

    private sealed record Place(string Container, string Name, TaskSandbox Sandbox, ValueList<LocalEndpoint> Endpoints, ValueList<PortConfig> Ports);
}
