using Skep.Overlay.Netlink;
using Skep.Overlay.Nftables;

namespace Skep.Overlay.Namespaces;

/// <summary>A namespace and the doors into it: sockets stay bound to the namespace they were opened in, so nobody needs to enter it again.</summary>
internal sealed class NamespaceHandle(FileDescriptor file) : IDisposable
{
    public FileDescriptor File => file;

    /// <summary>rtnetlink.</summary>
    public required NetlinkSocket Route { get; init; }

    /// <summary>Null in sandboxes.</summary>
    public NftContext? Tables { get; init; }

    /// <summary>ctnetlink, used and closed by <see cref="Conntrack.ConntrackFlusher"/>; null in sandboxes.</summary>
    public NetlinkSocket? Flows { get; init; }

    /// <summary>Device numbers by name, as far as asked for.</summary>
    public Dictionary<string, int> Indexes { get; } = new(StringComparer.Ordinal);

    public void Dispose()
    {
        Route.Dispose();
        Tables?.Dispose();
        file.Dispose();
    }
}

/// <summary>A task's namespace, or one that waits for a task.</summary>
internal sealed class SandboxNamespace(string path, NamespaceHandle handle) : IDisposable
{
    public string Path => path;

    public NamespaceHandle Handle => handle;

    public required FileDescriptor DnsUdp { get; init; }

    public required FileDescriptor DnsTcp { get; init; }

    public void Dispose()
    {
        DnsUdp.Dispose();
        DnsTcp.Dispose();
        handle.Dispose();
    }
}
