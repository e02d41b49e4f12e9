using System.Globalization;
using Microsoft.Extensions.Logging;
using Skep.Overlay.Conntrack;
using Skep.Overlay.Mesh;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Applying;

/// <summary>Performs plans. Consecutive messages to one namespace go into one send; the picture of what is there is kept in step.</summary>
internal sealed class NetworkApplier(
    KernelThread thread, NamespaceFactory factory, ConntrackFlusher flows, PresentNetwork present, Dictionary<NamespaceKey, NamespaceHandle> handles, ILogger logger)
{
    private const int Exists = 17;
    private static readonly int[] Gone = [2, 3, 19, 99]; // ENOENT, ESRCH, ENODEV, EADDRNOTAVAIL

    private readonly NetlinkWriter _batch = new();
    private readonly List<Operation> _batched = []; // one per message
    private readonly List<string> _fresh = []; // new links whose settings are still to be set
    private NamespaceKey _current;

    public void Perform(NetworkPlan plan)
    {
        foreach (Operation operation in plan.Operations)
        {
            if (operation.Namespace != _current)
            {
                Flush();
            }

            _current = operation.Namespace;
            Perform(operation);
            present.Apply(operation);
        }
        Flush();
        foreach ((NamespaceKey key, object inputs) in plan.Inputs)
        {
            present[key].Inputs = inputs;
        }
    }

    /// <summary>Drops what a failed plan had not sent.</summary>
    public void Reset()
    {
        _batch.Clear();
        _batched.Clear();
        _fresh.Clear();
    }

    /// <summary>Its VXLAN device goes first: dying with the namespace, it would keep the network's id from a router made anew for a while.</summary>
    public void DropRouter(NamespaceKey router)
    {
        handles.Remove(router, out NamespaceHandle? handle);
        var device = new NetlinkWriter();
        RouteMessages.DeleteLinkNamed(device, RouterTable.Device);
        handle!.Route.Send(device, (_, errno, reason) =>
        {
            if (!Gone.Contains(errno))
            {
                OverlayLog.RouterDeviceStays(logger, router.Id, reason);
            }
        });
        flows.Close(handle.Flows!);
        handle.Dispose();
        factory.DropRouter(router.Id);
    }

    private void Perform(Operation operation)
    {
        switch (operation)
        {
            case Operation.MakeRouter make:
                handles[make.Namespace] = factory.MakeRouter(thread, make.Namespace.Id);
                break;
            case Operation.DropRouter drop:
                DropRouter(drop.Namespace);
                break;
            case Operation.Put put:
                Put(put);
                break;
            case Operation.Take take:
                Take(take);
                break;
            case Operation.ChangeTable change:
                Flush();
                handles[change.Namespace].Tables!.Run(change.Change.ToCommands(present[change.Namespace].Table.Marker is not null));
                break;
            case Operation.DeleteFlows forget:
                Flush();
                _ = flows.DeleteAsync(handles[forget.Namespace].Flows!, forget.Backend, CancellationToken.None); // nothing later in the plan needs it done
                break;
        }
    }

    private void Put(Operation.Put put)
    {
        switch (put.Object)
        {
            case VxlanLink link when put.Before is not null:
                Add(put, Index(link.Name), (w, index) => RouteMessages.ChangeVxlan(w, index, link));
                Add(put, Index(link.Name), (w, index) => RouteMessages.SetMtu(w, index, link.Mtu));
                break;
            case VxlanLink link:
                MakeVxlan(put, link);
                break;
            case VethLink link:
                MakeVeth(put, link);
                break;
            case DirectLink when put.Before is not null:
                break; // found again
            case DirectLink link:
                MakeDirect(put, link);
                break;
            case TaskLink link:
                Add(put, Index(link.Name), (w, index) => RouteMessages.SetLink(w, index));
                break;
            case PolicyRule rule:
                Add(put, 0, (w, _) => RouteMessages.Rule(w, add: true, rule));
                break;
            default:
                Add(put, Index(put.Object.Device!), (w, index) => Write(w, add: true, index, put.Object));
                break;
        }
    }

    private void Take(Operation.Take take)
    {
        string? link = take.Object switch { VxlanLink l => l.Name, VethLink l => l.Name, UnknownLink l => l.Name, DirectLink l => l.Name, _ => null };
        if (link is not null)
        {
            Add(take, 0, (w, _) => RouteMessages.DeleteLinkNamed(w, link));
            handles[take.Namespace].Indexes.Remove(link);
        }
        else if (take.Object is PolicyRule rule)
        {
            Add(take, 0, (w, _) => RouteMessages.Rule(w, add: false, rule));
        }
        else if (TryIndex(take.Object.Device!) is { } index)
        {
            Add(take, index, (w, i) => Write(w, add: false, i, take.Object));
        }
    }

    private static void Write(NetlinkWriter to, bool add, int index, KernelObject what)
    {
        switch (what)
        {
            case LinkAddress address: RouteMessages.Address(to, add, index, address); break;
            case ForwardingEntry entry: RouteMessages.Forwarding(to, add, index, entry); break;
            case Neighbour neighbour: RouteMessages.Neighbour(to, add, index, neighbour); break;
            case Route route: RouteMessages.Route(to, add, index, route); break;
            default: throw new InvalidOperationException($"no message for {what}");
        }
    }

    /// <summary>The UDP socket of a VXLAN device is made in the host namespace, wherever the device itself is.</summary>
    private void MakeVxlan(Operation.Put put, VxlanLink link)
    {
        Flush();
        NamespaceHandle home = handles[put.Namespace];
        var message = new NetlinkWriter();
        RouteMessages.AddVxlan(message, link, put.Namespace.Kind == NamespaceKind.Host ? null : home.File.Value);
        handles[NamespaceKey.Host].Route.Send(message, (_, errno, reason) => throw new KernelException($"make {link.Name} (VNI {link.Vni}) {reason}", errno));
        home.Indexes.Remove(link.Name);
        _fresh.Add(link.Name);
        Flush();
    }

    /// <summary>Made from the host namespace, where its parent is, straight into the task's.</summary>
    private void MakeDirect(Operation.Put put, DirectLink link)
    {
        Flush();
        NamespaceHandle host = handles[NamespaceKey.Host], home = handles[put.Namespace];
        int parent = 0;
        var question = new NetlinkWriter();
        RouteMessages.GetLinkNamed(question, link.Parent);
        host.Route.Send(question, (_, errno, reason) => throw new KernelException($"find parent interface {link.Parent} {reason}", errno), (_, payload) => parent = RouteDump.LinkIn(payload).Index);
        var message = new NetlinkWriter();
        RouteMessages.AddMacvlan(message, link, parent, home.File.Value);
        host.Route.Send(message, (_, errno, reason) => throw new KernelException($"make {link.Name} on {link.Parent} {reason}", errno));
        home.Indexes.Remove(link.Name);
    }

    private void MakeVeth(Operation.Put put, VethLink link)
    {
        NamespaceKey inside = NamespaceKey.Sandbox(link.Task);
        handles[inside].Indexes.Remove(link.Interface);
        handles[put.Namespace].Indexes.Remove(link.Name);
        Add(put, handles[inside].File.Value, (w, fd) => RouteMessages.AddVeth(w, link, fd));
        Add(put, 0, (w, _) => RouteMessages.GetLinkNamed(w, link.Name));
        if (put.Namespace.Kind == NamespaceKind.Host)
        {
            _fresh.Add(link.Name); // routers have their settings as defaults
        }
    }

    private void Add(Operation operation, int number, Action<NetlinkWriter, int> write)
    {
        write(_batch, number);
        _batched.Add(operation);
    }

    private int Index(string device) => TryIndex(device) ?? throw new KernelException($"find {device} in {_current}", 19);

    private int? TryIndex(string device)
    {
        Dictionary<string, int> indexes = handles[_current].Indexes;
        if (!indexes.ContainsKey(device))
        {
            Flush();
        }

        if (!indexes.ContainsKey(device))
        {
            Ask(device);
        }

        return indexes.TryGetValue(device, out int index) ? index : null;
    }

    private void Ask(string device)
    {
        var question = new NetlinkWriter();
        RouteMessages.GetLinkNamed(question, device);
        handles[_current].Route.Send(question, (_, _, _) => { }, NoteLink);
    }

    private void NoteLink(ushort type, ReadOnlySpan<byte> payload)
    {
        if (type == RouteMessages.NewLink && RouteDump.LinkIn(payload) is { } link)
        {
            handles[_current].Indexes[link.Name] = link.Index;
        }
    }

    private void Flush()
    {
        while (_batch.Starts.Count > 0 || _fresh.Count > 0)
        {
            if (_batch.Starts.Count > 0)
            {
                handles[_current].Route.Send(_batch, Fail, NoteLink);
            }

            _batch.Clear();
            _batched.Clear();
            string[] fresh = [.. _fresh];
            _fresh.Clear();
            foreach (string name in fresh)
            {
                AddSettings(name);
            }
        }
    }

    /// <summary>IPv4 settings of a new link and, for VXLAN, the way up. Numbers: IPV4_DEVCONF_* of include/uapi/linux/ip.h.</summary>
    private void AddSettings(string name)
    {
        const int forwarding = 1, sendRedirects = 6, rpFilter = 8, acceptLocal = 23, routeLocalnet = 26;
        int index = Index(name);
        KernelObject? link = present[_current].Objects.GetValueOrDefault(new ObjectKey(KernelObjectKind.Veth, name, 0));
        var note = new Operation.Put(_current, link ?? new TaskLink(name), null);
        if (_current.Kind == NamespaceKind.Router)
        {
            Add(note, index, (w, i) => RouteMessages.SetLink(w, i, (rpFilter, 1), (sendRedirects, 0), (forwarding, 1)));
        }
        else if (link is null)
        {
            Add(note, index, (w, i) => RouteMessages.SetLink(w, i, (rpFilter, 2), (acceptLocal, 1), (routeLocalnet, 1), (sendRedirects, 0), (forwarding, 1)));
        }
        else
        {
            Add(note, index, (w, i) => RouteMessages.SetLink(w, i, (rpFilter, 1), (routeLocalnet, 1), (sendRedirects, 0), (forwarding, 1)));
        }
    }

    private void Fail(int message, int errno, string reason)
    {
        Operation operation = _batched[message];
        if (operation is Operation.Take && Gone.Contains(errno))
        {
            return;
        }

        if (operation is Operation.Put { Object: PolicyRule } && errno == Exists)
        {
            return;
        }

        throw new KernelException(string.Create(CultureInfo.InvariantCulture, $"{operation} {reason}"), errno);
    }
}
