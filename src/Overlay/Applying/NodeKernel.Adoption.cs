using Skep.Overlay.Mesh;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;
using Skep.Overlay.Nftables;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Applying;

/// <summary>Taking over what is there: at start, and after something failed.</summary>
internal sealed partial class NodeKernel
{
    private void Adopt()
    {
        (List<string> routers, Dictionary<string, TaskId?> sandboxes) = _directory.Scan();
        foreach (string vni in routers)
        {
            _handles[new NamespaceKey(NamespaceKind.Router, vni)] = _factory.OpenRouter(_writer, vni);
        }

        foreach ((string path, TaskId? task) in sandboxes)
        {
            AdoptSandbox(path, task);
        }

        _names.Begin();
        ReadPresent();
        foreach (string chain in ForeignForwardDrops())
        {
            OverlayLog.ForwardDropped(_logger, chain, _options.MeshInterface);
        }

        OverlayLog.Opened(_logger, routers.Count, _sandboxes.Count, Features);
        _pool.Refill();
    }

    private void AdoptSandbox(string path, TaskId? task)
    {
        try
        {
            SandboxNamespace opened = _factory.OpenSandbox(_writer, path, space => task is { } asked ? _names.Adopt(asked, space) : null);
            if (task is { } id)
            {
                Hold(id, opened).IsAdopted = true;
            }
            else
            {
                _pool.Add(opened);
            }
        }
        catch (Exception e) when (e is KernelException or NftException)
        {
            OverlayLog.SandboxUnusable(_logger, path, e);
            _directory.Release(task, path);
        }
    }

    /// <summary>Takes the kernel's word for everything.</summary>
    private void ReadPresent()
    {
        _applier.Reset();
        Dictionary<TaskId, RouteDump> dumps = _sandboxes.ToDictionary(s => s.Key, s => NamespaceReader.Dump(s.Value.Namespace.Handle));
        _present.Namespaces.Clear();
        foreach ((TaskId task, RouteDump dump) in dumps)
        {
            _present.Namespaces[NamespaceKey.Sandbox(task)] = NamespaceReader.ReadSandbox(dump);
        }

        foreach ((NamespaceKey key, NamespaceHandle handle) in _handles.Where(h => h.Key.Kind == NamespaceKind.Router))
        {
            _present.Namespaces[key] = NamespaceReader.ReadRouter(handle, dumps);
        }

        _present.Namespaces[NamespaceKey.Host] = _reader.ReadHost(_handles[NamespaceKey.Host], dumps);
        _isInStep = true;
    }

    private List<string> ForeignForwardDrops() =>
        _handles[NamespaceKey.Host].Tables!.List("list chains") is { } json ? TableReader.ForwardDropsOf(json, MeshTable.Name) : [];
}
