using Skep.Overlay.Mesh;
using Skep.Overlay.Nftables;

namespace Skep.Overlay.Planning;

/// <summary>Constants of the node that plans depend on.</summary>
/// <param name="ClosedRouter">The host did not forward packets before us, so what is not ours must stay unforwarded.</param>
internal sealed record PlannerOptions(string MeshInterface, int DataPathPort, Ipv4Address EgressGateway, bool ClosedRouter);

/// <summary>Compares the desired with the present network and says what to do, in order.</summary>
/// <remarks>Adding: table definitions (rules before traffic), links and routes, then map elements. Removing: elements, flows, then routes and links.</remarks>
internal static class NetworkPlanner
{
    /// <param name="resting">Routers to be left alone although nothing needs them.</param>
    public static NetworkPlan Plan(DesiredNetwork desired, PresentNetwork present, PlannerOptions options, IReadOnlySet<NamespaceKey>? resting = null)
    {
        ValueMap<NetworkId, string> refused = Refusals(desired);
        List<Part> parts = [.. Parts(desired, present, refused, options)];
        var operations = new List<Operation>();
        var routers = parts.Where(p => p.Key.Kind == NamespaceKind.Router).Select(p => p.Key).ToHashSet();

        foreach (NamespaceKey missing in routers.Where(key => !present.Namespaces.ContainsKey(key)).Order())
        {
            operations.Add(new Operation.MakeRouter(missing));
        }

        List<NamespaceTarget> changed = [.. parts.Where(p => !p.Inputs.Equals(StateOf(present, p.Key).Inputs)).Select(p => p.Compile())];
        foreach (NamespaceTarget target in changed.Where(t => t.Table is not null && StateOf(present, t.Key).Table.Marker is null))
        {
            operations.Add(new Operation.ChangeTable(target.Key, new TableChange(target.Table!.Definition) { Replaces = true }));
        }

        AddMovedInterfaces(changed, present, operations);
        AddUnplugged(desired, present, routers, operations);
        foreach (NamespaceTarget target in changed)
        {
            AddPuts(target, StateOf(present, target.Key), operations);
        }

        foreach (NamespaceTarget target in changed.Where(t => t.Table is not null))
        {
            AddTable(target, StateOf(present, target.Key), desired, operations);
        }

        foreach (NamespaceTarget target in changed)
        {
            AddTakes(target, StateOf(present, target.Key), desired, present, operations);
        }

        foreach (NamespaceKey stale in present.Namespaces.Keys.Where(k => k.Kind == NamespaceKind.Router && !routers.Contains(k) && resting?.Contains(k) != true))
        {
            operations.Add(new Operation.DropRouter(stale));
        }

        return new NetworkPlan(operations, [.. changed.Select(t => (t.Key, t.Inputs))], refused);
    }

    /// <summary>A namespace and what its content follows from; compiled only when that changed.</summary>
    private readonly record struct Part(NamespaceKey Key, object Inputs, Func<NamespaceTarget> Compile);

    private static NamespaceState StateOf(PresentNetwork present, NamespaceKey key) =>
        present.Namespaces.TryGetValue(key, out NamespaceState? state) ? state : new NamespaceState();

    /// <summary>Networks that must not be touched, with the reason.</summary>
    private static ValueMap<NetworkId, string> Refusals(DesiredNetwork desired) =>
        desired.Networks.Where(n => n.Value.IsEncrypted).ToValueMap(n => n.Key,
            n => $"network {n.Value.Name} is encrypted, which this node does not support; remove the \"encrypted\" option or use other nodes");

    private static IEnumerable<Part> Parts(
        DesiredNetwork desired, PresentNetwork present, ValueMap<NetworkId, string> refused, PlannerOptions options)
    {
        KeyValuePair<TaskId, TaskSandbox>[] sandboxes = [.. desired.Sandboxes.Where(s => present.Namespaces.ContainsKey(NamespaceKey.Sandbox(s.Key)))];
        var host = new HostInputs(desired.Self, desired.Peers, desired.Ingress, desired.PublishedPorts, desired.IngressEndpoints,
            sandboxes.Where(s => s.Value.Egress is not null).Select(s => new LocalEgress(s.Key, s.Value.Egress!, s.Value.HostPorts)
            {
                Behind = s.Value.Overlays.Where(o => desired.Networks.TryGetValue(o.Network, out OverlayNetwork? network) && network.IsLocal).Select(o => o.Address).ToValueList(),
            }).ToValueList(),
            desired.ManagerPorts);
        yield return new Part(NamespaceKey.Host, host, () => HostTarget.Compile(host, options));

        ILookup<NetworkId, LocalAttachment> attachments = sandboxes
            .SelectMany(s => s.Value.Overlays.Select(a => new LocalAttachment(s.Key, a))).ToLookup(a => a.Attachment.Network);
        var frames = ValueMap<NetworkId, NetworkFrame>.Empty;
        foreach ((NetworkId id, OverlayNetwork network) in desired.Networks.Where(n => !refused.ContainsKey(n.Key)))
        {
            frames = frames.Set(id, new NetworkFrame(network.Subnet, network.Gateway, network.Mtu));
            var router = new RouterInputs(desired.Self, desired.Peers, network, attachments[id].ToValueList());
            yield return new Part(NamespaceKey.Router(network.Vni), router, () => RouterTarget.Compile(router, options));
        }
        foreach ((TaskId task, TaskSandbox sandbox) in sandboxes)
        {
            ValueMap<NetworkId, NetworkFrame> own = sandbox.Overlays.Where(a => frames.ContainsKey(a.Network))
                .ToValueMap(a => a.Network, a => frames[a.Network]);
            var inside = new SandboxInputs(sandbox, own);
            yield return new Part(NamespaceKey.Sandbox(task), inside, () => SandboxTarget.Compile(task, inside, options));
        }
    }

    /// <summary>An interface name that moves to another network must be free in the task first.</summary>
    private static void AddMovedInterfaces(List<NamespaceTarget> changed, PresentNetwork present, List<Operation> operations)
    {
        HashSet<(TaskId, string)> wanted = [.. changed.SelectMany(t => t.Objects.Values).OfType<VethLink>().Select(l => (l.Task, l.Interface))];
        foreach (NamespaceTarget target in changed)
        {
            foreach (VethLink link in StateOf(present, target.Key).Objects.Values.OfType<VethLink>().OrderBy(l => l.Key))
            {
                if (!target.Objects.ContainsKey(link.Key) && wanted.Contains((link.Task, link.Interface)))
                {
                    operations.Add(new Operation.Take(target.Key, link));
                }
            }
        }
    }

    /// <summary>A task that lives on may have left the last network of a router that only rests, or goes: its interface goes now, not with the router.</summary>
    private static void AddUnplugged(DesiredNetwork desired, PresentNetwork present, HashSet<NamespaceKey> routers, List<Operation> operations)
    {
        foreach ((NamespaceKey key, NamespaceState state) in present.Namespaces.Where(n => n.Key.Kind == NamespaceKind.Router && !routers.Contains(n.Key)))
        {
            foreach (VethLink link in state.Objects.Values.OfType<VethLink>().OrderBy(l => l.Key))
            {
                if (desired.Sandboxes.ContainsKey(link.Task) && present.Namespaces.ContainsKey(NamespaceKey.Sandbox(link.Task)))
                {
                    operations.Add(new Operation.Take(key, link));
                }
            }
        }
    }

    private static void AddPuts(NamespaceTarget target, NamespaceState present, List<Operation> operations)
    {
        // A task's end of an interface goes when the node's end is made anew.
        var replaced = operations.OfType<Operation.Take>().Select(t => t.Object).OfType<VethLink>()
            .Where(l => NamespaceKey.Sandbox(l.Task) == target.Key).Select(l => l.Interface).ToHashSet(StringComparer.Ordinal);
        foreach ((ObjectKey key, KernelObject wanted) in target.Objects)
        {
            KernelObject? before = present.Objects.GetValueOrDefault(key);
            bool diedWithDevice = wanted.Device is { } device && replaced.Contains(device);
            if (wanted.Equals(before) && !diedWithDevice)
            {
                continue;
            }

            if (before is not null && !before.CanBecome(wanted))
            {
                operations.Add(new Operation.Take(target.Key, before));
                if (key.Kind is KernelObjectKind.Vxlan or KernelObjectKind.Veth)
                {
                    replaced.Add(key.Device);
                }

                before = null;
            }
            operations.Add(new Operation.Put(target.Key, wanted, diedWithDevice ? null : before));
        }
    }

    private static void AddTable(NamespaceTarget target, NamespaceState present, DesiredNetwork desired, List<Operation> operations)
    {
        TableTarget table = target.Table!;
        var defined = new TableState { Marker = table.Definition.Marker };
        TableChange change = table.ChangeFrom(present.Table.Marker is null ? defined : present.Table);
        if (change.Count == 0)
        {
            return;
        }

        operations.Add(new Operation.ChangeTable(target.Key, change));
        foreach (Ipv4Address ended in EndedBackends(target, change, present.Table, desired))
        {
            operations.Add(new Operation.DeleteFlows(target.Key, ended));
        }
    }

    /// <summary>Backends that died, or that this change takes out and that do not live on: their UDP flows have no other end.</summary>
    private static SortedSet<Ipv4Address> EndedBackends(NamespaceTarget target, TableChange change, TableState present, DesiredNetwork desired)
    {
        var ended = new SortedSet<Ipv4Address>();
        foreach ((_, string key, _) in change.Adds.Where(a => a.Set == RouterTable.Dead))
        {
            ended.Add(Ipv4Address.Parse(key));
        }

        foreach ((_, string key) in change.Deletes.Where(d => d.Set == RouterTable.Backends))
        {
            string backend = present.In(RouterTable.Backends)[key];
            int end = backend.IndexOf(' ', StringComparison.Ordinal);
            Ipv4Address address = Ipv4Address.Parse(end < 0 ? backend : backend[..end]);
            if (!Lives(target, address, desired))
            {
                ended.Add(address);
            }
        }
        return ended;
    }

    private static bool Lives(NamespaceTarget target, Ipv4Address address, DesiredNetwork desired) => target.Inputs switch
    {
        RouterInputs router => router.Network.Endpoints.ContainsKey(address),
        _ => desired.IngressEndpoints.ContainsKey(address),
    };

    private static void AddTakes(NamespaceTarget target, NamespaceState present, DesiredNetwork desired, PresentNetwork all, List<Operation> operations)
    {
        if (target.Key.Kind == NamespaceKind.Sandbox)
        {
            // The task may have made things of its own; ours go with their interface.
            foreach (DirectLink stale in present.Objects.Values.OfType<DirectLink>().Where(l => !target.Objects.ContainsKey(l.Key)).OrderBy(l => l.Key).ToList())
            {
                operations.Add(new Operation.Take(target.Key, stale));
            }

            return;
        }
        HashSet<string> moved = [.. operations.OfType<Operation.Take>().Where(t => t.Namespace == target.Key).Select(t => t.Object).OfType<VethLink>().Select(l => l.Name)];
        foreach (KernelObject stale in present.Objects.Values.Where(o => !target.Objects.ContainsKey(o.Key)).OrderByDescending(o => o.Key))
        {
            if (moved.Contains(stale.Device ?? (stale as VethLink)?.Name ?? ""))
            {
                continue;
            }
            // Deleting a link makes everyone wait for the kernel; that of an ending task dies with its namespace.
            if (stale is VethLink link && !desired.Sandboxes.ContainsKey(link.Task) && all.Namespaces.ContainsKey(NamespaceKey.Sandbox(link.Task)))
            {
                continue;
            }

            operations.Add(new Operation.Take(target.Key, stale));
        }
    }
}
