using Skep.Engine.Containers;
using Skep.Overlay;

namespace Skep.Engine.Networks;

/// <summary>What is plugged into a container.</summary>
/// <param name="Egress">Name of the interface towards the node; empty: none, for it is on internal networks only.</param>
internal sealed record NetworkSettings(ValueList<LocalEndpoint> Endpoints, ValueList<LocalPort> Ports, string Egress)
{
    public static NetworkSettings Nothing { get; } = new([], [], "");

    public bool IsOnDefault => Endpoints.Any(e => e.Network == StandaloneNetworks.DefaultBridge);

    /// <summary>Names every interface that has no name yet. Those that have one keep it: a running container's interfaces do not move.</summary>
    /// <remarks>The way out is needed as soon as one network is not internal; on the default bridge it is that network's interface itself.</remarks>
    public NetworkSettings Numbered()
    {
        var used = Endpoints.Select(e => e.Interface).Append(Egress).Where(i => i.Length > 0).ToHashSet(StringComparer.Ordinal);
        bool needsEgress = Endpoints.Any(e => !e.IsInternal && !e.IsDirect);
        string egress = needsEgress ? Egress : "";
        var endpoints = new List<LocalEndpoint>();
        foreach (LocalEndpoint endpoint in Endpoints)
        {
            if (endpoint.Network == StandaloneNetworks.DefaultBridge)
            {
                egress = egress.Length > 0 ? egress : Next();
                endpoints.Add(endpoint with { Interface = egress });
            }
            else
            {
                endpoints.Add(endpoint.Interface.Length > 0 ? endpoint : endpoint with { Interface = Next() });
            }
        }

        if (egress.Length == 0 && needsEgress)
        {
            egress = Next();
        }

        return this with { Endpoints = endpoints.ToValueList(), Egress = egress };

        string Next()
        {
            int number = 0;
            while (!used.Add($"eth{number}"))
            {
                number++;
            }

            return $"eth{number}";
        }
    }
}

/// <summary>A container in the node's network.</summary>
/// <param name="Names">What it is known by in every network of its own: name, beginning of its id, hostname.</param>
internal sealed record StandaloneSandbox(string Container, string Name, ValueList<string> Names, TaskSandbox Sandbox, NetworkSettings Plugged)
{
    /// <param name="egress">Its address that only this node knows.</param>
    /// <param name="find">The node's own networks.</param>
    public static StandaloneSandbox Of(StandaloneRecord record, NetworkSettings plugged, Func<TaskId, Ipv4Address> egress, Func<NetworkId, LocalNetwork?> find)
    {
        DnsConfig dns = record.Spec.Template.Container.Dns ?? new DnsConfig();
        var sandbox = new TaskSandbox
        {
            Overlays = plugged.Endpoints.Where(e => e.Network != StandaloneNetworks.DefaultBridge && !e.IsDirect && e.Address is not null)
                .Select(e => new OverlayAttachment(e.Network, e.Address!.Value, e.Interface)).ToValueList(),
            Directs = plugged.Endpoints.Where(e => e.IsDirect && e.Address is not null).Select(e => find(e.Network)?.Direct(e)).OfType<DirectAttachment>().ToValueList(),
            Egress = plugged.Egress.Length > 0 ? new EgressAttachment(egress(record.Sandbox), plugged.Egress) { IsOpen = plugged.IsOnDefault } : null,
            HostPorts = plugged.Egress.Length > 0
                ? plugged.Ports.Select(p => new HostPort(new PublishedPort(p.Protocol, p.PublishedPort), p.TargetPort) { Address = p.Address }).ToValueList()
                : [],
            Dns = new SandboxDns
            {
                Servers = dns.Nameservers.Where(s => Ipv4Address.TryParse(s, out _)).Select(Ipv4Address.Parse).ToValueList(),
                Search = dns.Search,
                Options = dns.Options,
            },
        };
        return new StandaloneSandbox(record.Id, record.Name, NamesOf(record), sandbox, plugged);
    }

    public static ValueList<string> NamesOf(StandaloneRecord record)
        => new[] { record.Name, record.Id[..12], record.Spec.Template.Container.Hostname }.Where(n => n.Length > 0).Distinct().ToValueList();

    /// <summary>What the node's own containers add to its picture.</summary>
    /// <param name="hasLink">Whether the machine has that device: an interface whose parent went has gone with it, and must not hold up the rest.</param>
    public static LocalDesiredNetwork Picture(IReadOnlyCollection<KeyValuePair<TaskId, StandaloneSandbox>> places, IReadOnlyList<LocalNetwork> networks, Func<string, bool> hasLink)
    {
        if (places.Count == 0)
        {
            return LocalDesiredNetwork.Empty;
        }

        var used = places.SelectMany(p => p.Value.Plugged.Endpoints).Select(e => e.Network).ToHashSet();
        LocalNetwork[] here = [.. networks.Where(n => used.Contains(n.Key))];
        return new LocalDesiredNetwork(
            places.ToValueMap(p => p.Key, p => p.Value.Sandbox.Directs.IsEmpty ? p.Value.Sandbox : p.Value.Sandbox with { Directs = p.Value.Sandbox.Directs.Where(d => hasLink(d.Parent)).ToValueList() }),
            here.Where(n => !n.IsDirect).ToValueMap(n => n.Key, n => n.ToOverlay()),
            here.ToValueMap(n => n.Key, n => Zone(n, places.Select(p => p.Value))));
    }

    private static DnsZone Zone(LocalNetwork network, IEnumerable<StandaloneSandbox> places)
    {
        var names = new Dictionary<string, ValueList<Ipv4Address>>(StringComparer.Ordinal);
        var pointers = new Dictionary<Ipv4Address, string>();
        foreach (StandaloneSandbox place in places)
        {
            foreach (LocalEndpoint endpoint in place.Plugged.Endpoints.Where(e => e.Network == network.Key))
            {
                Ipv4Address address = endpoint.Address!.Value;
                foreach (string name in endpoint.Aliases.Concat(place.Names).Select(n => n.ToLowerInvariant()).Distinct())
                {
                    names[name] = names.TryGetValue(name, out ValueList<Ipv4Address> present) ? present.Add(address) : [address];
                }

                pointers[address] = $"{place.Name}.{network.Name}";
            }
        }

        return new DnsZone { Names = names.ToValueMap(), Pointers = pointers.ToValueMap() };
    }
}
