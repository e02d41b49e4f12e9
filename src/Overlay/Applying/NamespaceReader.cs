using Skep.Overlay.Mesh;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;
using Skep.Overlay.Nftables;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Applying;

/// <summary>Reads what a namespace holds of ours.</summary>
internal sealed class NamespaceReader(PlannerOptions options)
{
    /// <param name="sandboxes">Dumps of all sandboxes: a node-side link is known by its name, its task's end by what is inside.</param>
    public NamespaceState ReadHost(NamespaceHandle host, IReadOnlyDictionary<TaskId, RouteDump> sandboxes)
    {
        RouteDump dump = Dump(host);
        return Build(dump, TableReader.Read(host.Tables!, MeshTable.Name), sandboxes, options.MeshInterface,
            o => o is LinkAddress { Link: "lo" } address && address.Address == options.EgressGateway);
    }

    public static NamespaceState ReadRouter(NamespaceHandle router, IReadOnlyDictionary<TaskId, RouteDump> sandboxes)
    {
        RouteDump dump = Dump(router);
        return Build(dump, TableReader.Read(router.Tables!, RouterTable.Name), sandboxes, RouterTable.Device,
            o => o is LinkAddress { Link: "lo" } address && address.Address.Value >> 24 != 127);
    }

    public static NamespaceState ReadSandbox(RouteDump dump)
    {
        var state = new NamespaceState();
        foreach (DumpedLink link in dump.Links.Where(l => l.Name != "lo" && l.IsUp))
        {
            state.Put(new TaskLink(link.Name));
        }

        foreach (DumpedLink link in dump.Links.Where(l => l.Kind == "macvlan"))
        {
            state.Put(new DirectLink(link.Name, link.Mac));
        }

        foreach (KernelObject found in dump.Objects.Where(o => o.Device != "lo"))
        {
            state.Put(found);
        }

        return state;
    }

    /// <summary>Lists a namespace and notes its devices' numbers.</summary>
    public static RouteDump Dump(NamespaceHandle handle)
    {
        RouteDump dump = RouteDump.Of(handle.Route);
        handle.Indexes.Clear();
        foreach (DumpedLink link in dump.Links)
        {
            handle.Indexes[link.Name] = link.Index;
        }

        return dump;
    }

    private static NamespaceState Build(
        RouteDump dump, TableState table, IReadOnlyDictionary<TaskId, RouteDump> sandboxes, string vxlan, Func<KernelObject, bool> isOurs)
    {
        var state = new NamespaceState();
        var devices = new HashSet<string>(StringComparer.Ordinal);
        Dictionary<string, VethLink> known = sandboxes
            .SelectMany(s => s.Value.Links.Where(l => l.Kind == "veth").Select(l => new VethLink(s.Key, l.Name, l.Mac, l.Mtu)))
            .DistinctBy(l => l.Name, StringComparer.Ordinal).ToDictionary(l => l.Name, StringComparer.Ordinal);
        foreach (DumpedLink link in dump.Links)
        {
            if (link.Kind == "vxlan" && link.Name == vxlan)
            {
                state.Put(new VxlanLink(link.Name, link.Mac, link.Mtu, link.Vni, link.Local, link.Port));
            }
            else if (link.Group == VethLink.Group)
            {
                state.Put(known.TryGetValue(link.Name, out VethLink? veth) && link.IsUp ? veth : new UnknownLink(link.Name));
            }
            else
            {
                continue;
            }

            devices.Add(link.Name);
        }
        foreach (KernelObject found in dump.Objects.Where(o => o is Route or PolicyRule || devices.Contains(o.Device!) || isOurs(o)))
        {
            state.Put(found);
        }

        state.Table.Marker = table.Marker;
        state.Table.BalanceChains.UnionWith(table.BalanceChains);
        foreach ((string set, Dictionary<string, string> elements) in table.Elements)
        {
            state.Table.Elements[set] = elements;
        }

        return state;
    }
}
