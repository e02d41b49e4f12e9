using Skep.Manager.Control;

namespace Skep.Manager.Allocation;

/// <summary>What is held of subnets, addresses, ports and node numbers, and which objects wait for some: a cache over the store, kept up event by event.</summary>
/// <remarks>
/// A book kept up is equal to one made anew from the view (<see cref="Describe"/>). What the allocator takes while it plans is tentative: given back when the
/// plan is made, and claimed for good by the events of its commit.
/// </remarks>
internal sealed class AllocationIndex
{
    private readonly Dictionary<NetworkId, AddressPool> _pools = [];
    private readonly HashSet<int> _vnis = [];
    private readonly HashSet<int> _nodeIndexes = [];
    private readonly Dictionary<TaskId, SwarmTask> _newTasks = [];
    private readonly List<Action> _tentative = [];

    public SubnetPool Subnets { get; } = new();

    public PortPool Ports { get; } = new();

    /// <summary>Networks that need a subnet and have none.</summary>
    public SortedSet<NetworkId> NetworksWaiting { get; } = [];

    /// <summary>Services to look at: changed since they were last found in order.</summary>
    public SortedSet<ServiceId> ServicesToCheck { get; } = [];

    public SortedSet<NodeId> NodesToCheck { get; } = [];

    /// <summary>Tasks that wait for their addresses, oldest first.</summary>
    public IReadOnlyList<SwarmTask> NewTasks => [.. _newTasks.Values.OrderBy(t => t.CreatedAt).ThenBy(t => t.Slot).ThenBy(t => t.Id)];

    public bool HasNewTasks => _newTasks.Count > 0;

    /// <remarks>First everything that is held is taken in; nothing is given out before that.</remarks>
    public static AllocationIndex Of(StoreView view)
    {
        AllocationIndex book = new AllocationIndex();
        foreach (IStoredObject stored in view.Networks.Concat<IStoredObject>(view.Nodes).Concat(view.Services).Concat(view.Tasks))
        {
            book.Apply(null, stored, view);
        }

        foreach (AddressPool pool in book._pools.Values)
        {
            pool.SeekBehindClaims();
        }

        return book;
    }

    /// <summary>Takes in one event of the store.</summary>
    /// <param name="view">The store at or after the event.</param>
    public void Apply(IStoredObject? old, IStoredObject? present, StoreView view)
    {
        switch (present ?? old)
        {
            case Network network:
                ApplyNetwork(network.Id, (Network?)old, (Network?)present, view);
                break;
            case Node node:
                ApplyNode(node.Id, (Node?)old, (Node?)present);
                break;
            case Service service:
                ApplyService(service.Id, (Service?)old, (Service?)present);
                break;
            case SwarmTask:
                ApplyTask((SwarmTask?)old, (SwarmTask?)present);
                break;
        }
    }

    public AddressPool? PoolOf(NetworkId network) => _pools.GetValueOrDefault(network);

    public Ipv4Address? TakeAddress(NetworkId network)
    {
        if (PoolOf(network) is not { } pool || pool.Take() is not { } address)
        {
            return null;
        }

        _tentative.Add(() => pool.Release(address));
        return address;
    }

    /// <returns>False when it is held or not of the subnet.</returns>
    public bool TryTakeAddress(NetworkId network, Ipv4Address address)
    {
        if (PoolOf(network) is not { } pool || !pool.TryTake(address))
        {
            return false;
        }

        _tentative.Add(() => pool.Release(address));
        return true;
    }

    public int? TakePort(PortProtocol protocol)
    {
        if (Ports.Take(protocol) is not { } port)
        {
            return null;
        }

        _tentative.Add(() => Ports.Release(protocol, port));
        return port;
    }

    public Ipv4Prefix? TakeSubnet(Ipv4Prefix subnet)
    {
        if (!Subnets.IsFree(subnet))
        {
            return null;
        }

        Subnets.Claim(subnet);
        _tentative.Add(() => Subnets.Release(subnet));
        return subnet;
    }

    public Ipv4Prefix? TakeSubnet(ValueList<Ipv4Prefix> pools, int length, IReadOnlyCollection<Ipv4Address> avoid)
    {
        Ipv4Prefix? subnet = Subnets.Take(pools, length, avoid);
        if (subnet is { } taken)
        {
            _tentative.Add(() => Subnets.Release(taken));
        }

        return subnet;
    }

    public int TakeVni() => TakeLowest(_vnis, NetworkPlan.FirstVni);

    public int TakeNodeIndex() => TakeLowest(_nodeIndexes, 1);

    /// <summary>A point to go back to with <see cref="Release"/>.</summary>
    public int Mark() => _tentative.Count;

    /// <summary>Gives back what was taken since the mark.</summary>
    public void Release(int mark)
    {
        for (int i = _tentative.Count - 1; i >= mark; i--)
        {
            _tentative[i]();
        }

        _tentative.RemoveRange(mark, _tentative.Count - mark);
    }

    /// <summary>All claims and what waits as text, for comparing two books.</summary>
    public string Describe() => string.Join('\n', _pools.OrderBy(p => p.Key).Select(p => $"{p.Key} {p.Value}")
        .Append($"subnets {Subnets}").Append($"ports {Ports}")
        .Append($"vnis {string.Join(' ', _vnis.Order())}").Append($"nodes {string.Join(' ', _nodeIndexes.Order())}")
        .Append($"networks {string.Join(' ', NetworksWaiting)}").Append($"tasks {string.Join(' ', _newTasks.Keys.Order())}"));

    private int TakeLowest(HashSet<int> held, int first)
    {
        int number = first;
        while (!held.Add(number))
        {
            number++;
        }

        _tentative.Add(() => held.Remove(number));
        return number;
    }

    private void ApplyNetwork(NetworkId id, Network? old, Network? present, StoreView view)
    {
        if (old?.Allocation is { Vni: > 0 } released && old.Allocation != present?.Allocation)
        {
            _pools.Remove(id);
            _vnis.Remove(released.Vni);
            Subnets.Release(released.Subnet);
        }

        if (present?.Allocation is { Vni: > 0 } held && old?.Allocation != present.Allocation)
        {
            _pools[id] = NetworkPlan.PoolOf(present);
            _vnis.Add(held.Vni);
            Subnets.Claim(held.Subnet);
        }

        NetworksWaiting.Remove(id);
        if (present is { Allocation: null } && present.IsOverlay())
        {
            NetworksWaiting.Add(id);
        }

        ServicesToCheck.UnionWith(view.Services.Select(s => s.Id));
        if ((present ?? old)!.Spec.Ingress)
        {
            NodesToCheck.UnionWith(view.Nodes.Select(n => n.Id));
        }
    }

    private void ApplyNode(NodeId id, Node? old, Node? present)
    {
        foreach ((NetworkId network, Ipv4Address address) in old?.Attachments ?? ValueMap<NetworkId, Ipv4Address>.Empty)
        {
            PoolOf(network)?.Release(address);
        }

        foreach ((NetworkId network, Ipv4Address address) in present?.Attachments ?? ValueMap<NetworkId, Ipv4Address>.Empty)
        {
            PoolOf(network)?.Claim(address);
        }

        _nodeIndexes.Remove(old?.NetworkIndex ?? 0);
        if (present is null)
        {
            NodesToCheck.Remove(id);
            return;
        }

        if (present.NetworkIndex != 0)
        {
            _nodeIndexes.Add(present.NetworkIndex);
        }

        NodesToCheck.Add(id);
    }

    private void ApplyService(ServiceId id, Service? old, Service? present)
    {
        foreach (VirtualIp vip in old?.Endpoint?.VirtualIps ?? [])
        {
            PoolOf(vip.Network)?.Release(vip.Address);
        }

        foreach (VirtualIp vip in present?.Endpoint?.VirtualIps ?? [])
        {
            PoolOf(vip.Network)?.Claim(vip.Address);
        }

        foreach (PortConfig port in PortsInUse(old))
        {
            Ports.Release(port.Protocol, port.PublishedPort);
        }

        foreach (PortConfig port in PortsInUse(present))
        {
            Ports.Claim(port.Protocol, port.PublishedPort);
        }

        ServicesToCheck.Remove(id);
        if (present is not null)
        {
            ServicesToCheck.Add(id);
        }
    }

    private void ApplyTask(SwarmTask? old, SwarmTask? present)
    {
        foreach ((NetworkId network, Ipv4Address address) in AddressesInUse(old))
        {
            PoolOf(network)?.Release(address);
        }

        foreach ((NetworkId network, Ipv4Address address) in AddressesInUse(present))
        {
            PoolOf(network)?.Claim(address);
        }

        if (present is { Status.State: TaskState.New, IsWanted: true })
        {
            _newTasks[present.Id] = present;
        }
        else
        {
            _newTasks.Remove((present ?? old)!.Id);
        }
    }

    /// <summary>Held until the task is seen to have stopped, wanted or not: its container may still use the address.</summary>
    private static IEnumerable<(NetworkId, Ipv4Address)> AddressesInUse(SwarmTask? task)
        => task is null or { HasEnded: true } ? [] : task.Networks.Where(n => n.Address is not null).Select(n => (n.Network, n.Address!.Value));

    /// <summary>Ports of a node itself are among them, so that none of them is chosen for the mesh.</summary>
    private static IEnumerable<PortConfig> PortsInUse(Service? service)
        => service is null ? []
            : (service.Endpoint?.Ports ?? []).Concat(service.Spec.Endpoint?.Ports ?? []).Where(p => p.PublishedPort != 0).DistinctBy(p => (p.Protocol, p.PublishedPort));
}
