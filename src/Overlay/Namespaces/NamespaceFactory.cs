using Skep.Overlay.Netlink;
using Skep.Overlay.Nftables;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Namespaces;

/// <summary>Makes namespaces and opens the doors into them. Every method runs on the given kernel thread.</summary>
internal sealed class NamespaceFactory(OverlayOptions options, NamespaceDirectory directory)
{
    private static readonly Ipv4Address DnsAddress = Ipv4Address.From(127, 0, 0, 11);
    private const int Backlog = 64;

    /// <summary>The rewriting of ports is stateless, so that no connection tracking is switched on in the task's namespace.</summary>
    private string DnsTable => $$"""
        table ip skep_dns { chain out { type filter hook output priority -300;
          ip daddr {{DnsAddress}} udp dport 53 udp dport set {{options.DnsPort}}
          ip daddr {{DnsAddress}} tcp dport 53 tcp dport set {{options.DnsPort}}
          ip saddr {{DnsAddress}} udp sport {{options.DnsPort}} udp sport set 53
          ip saddr {{DnsAddress}} tcp sport {{options.DnsPort}} tcp sport set 53
        }; }
        """;

    /// <summary>The host namespace: opens it, lets it forward. Tells whether it did before.</summary>
    public (NamespaceHandle Handle, bool DidForward) OpenHost(KernelThread thread)
    {
        FileDescriptor file = LibC.OpenRead(options.HostNamespace ?? "/proc/self/ns/net");
        using var calls = new NamespaceCalls();
        nint forward = calls.ReadSysctl("net/ipv4/ip_forward");
        calls.WriteSysctl("net/ipv4/ip_forward", "1");
        return (Open(thread, calls, file, withTables: true), NamespaceCalls.ByteAt(forward) == '1');
    }

    /// <summary>Stops forwarding again.</summary>
    public static void StopForwarding(KernelThread thread, NamespaceHandle host)
    {
        using var calls = new NamespaceCalls();
        calls.WriteSysctl("net/ipv4/ip_forward", "0");
        thread.RunIn(host.File, calls);
    }

    public NamespaceHandle MakeRouter(KernelThread thread, string vni)
    {
        string path = directory.RouterPath(vni);
        File.WriteAllBytes(path, []);
        using var calls = new NamespaceCalls();
        calls.NewNamespace();
        foreach (string setting in (string[])["conf/all/send_redirects", "conf/default/send_redirects", "conf/all/rp_filter"])
        {
            calls.WriteSysctl($"net/ipv4/{setting}", "0");
        }

        calls.WriteSysctl("net/ipv4/conf/default/rp_filter", "1");
        calls.WriteSysctl("net/ipv4/ip_forward", "1");
        calls.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "1");
        calls.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1");
        calls.LoopbackUp();
        calls.MountNamespaceAt(path);
        return Open(thread, calls, file: null, withTables: true, path);
    }

    public NamespaceHandle OpenRouter(KernelThread thread, string vni)
    {
        using var calls = new NamespaceCalls();
        return Open(thread, calls, LibC.OpenRead(directory.RouterPath(vni)), withTables: true);
    }

    public void DropRouter(string vni) => LibC.UnmountAndUnlink(directory.RouterPath(vni));

    /// <summary>A sandbox for a task to come: lo up, DNS bound and rewritten, Docker's settings.</summary>
    /// <remarks>Source of the settings: moby/moby:daemon/oci_linux.go (unprivileged ports and ping).</remarks>
    public SandboxNamespace MakeSandbox(KernelThread thread)
    {
        string path = directory.NewSandboxPath();
        using var calls = new NamespaceCalls();
        calls.NewNamespace();
        calls.WriteSysctl("net/ipv4/ip_unprivileged_port_start", "0");
        calls.WriteSysctl("net/ipv4/ping_group_range", "0 2147483647");
        calls.WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1");
        calls.LoopbackUp();
        (int udp, int tcp) = BindDns(calls);
        int tables = calls.Add("nft_ctx_new", LibNftables.NewContext);
        calls.MountNamespaceAt(path); // after the settings: what is mounted needs but the DNS table, which OpenSandbox adds if missing
        int route = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw, NetlinkSocket.Route);
        lock (NftContext.Gate)
        {
            thread.RunIn(null, calls);
        }

        using (var context = new NftContext(calls.ResultOf(tables)))
        {
            context.Run(DnsTable);
        }

        return new SandboxNamespace(path, new NamespaceHandle(LibC.OpenRead(path)) { Route = new NetlinkSocket(calls.DescriptorOf(route)) })
        {
            DnsUdp = calls.DescriptorOf(udp),
            DnsTcp = calls.DescriptorOf(tcp),
        };
    }

    /// <summary>A sandbox that an earlier run made.</summary>
    /// <param name="left">Its DNS sockets, if somebody kept them; otherwise they died with that run.</param>
    public SandboxNamespace OpenSandbox(KernelThread thread, string path, Func<FileDescriptor, (FileDescriptor Udp, FileDescriptor Tcp)?> left)
    {
        FileDescriptor file = LibC.OpenRead(path);
        using var calls = new NamespaceCalls();
        (FileDescriptor Udp, FileDescriptor Tcp)? kept = left(file);
        (int udp, int tcp) = kept is null ? BindDns(calls) : (-1, -1);
        int route = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw, NetlinkSocket.Route);
        int tables = calls.Add("nft_ctx_new", LibNftables.NewContext);
        lock (NftContext.Gate)
        {
            thread.RunIn(file, calls);
        }

        using (var context = new NftContext(calls.ResultOf(tables)))
        {
            if (context.List("list table ip skep_dns") is null)
            {
                context.Run(DnsTable);
            }
        }
        return new SandboxNamespace(path, new NamespaceHandle(file) { Route = new NetlinkSocket(calls.DescriptorOf(route)) })
        {
            DnsUdp = kept?.Udp ?? calls.DescriptorOf(udp),
            DnsTcp = kept?.Tcp ?? calls.DescriptorOf(tcp),
        };
    }

    /// <summary>A plain IPv4 socket that belongs to a namespace.</summary>
    public static FileDescriptor OpenSocket(KernelThread thread, FileDescriptor target, int type)
    {
        using var calls = new NamespaceCalls();
        int socket = calls.OpenSocket(NamespaceCalls.AfInet, type);
        thread.RunIn(target, calls);
        return calls.DescriptorOf(socket);
    }

    /// <summary>Holds a port of the host without listening on it. Null when another socket of the host is in the way.</summary>
    public static FileDescriptor? Reserve(KernelThread thread, NamespaceHandle host, BoundPort bound)
    {
        using var calls = new NamespaceCalls();
        int type = bound.Port.Protocol == PortProtocol.Udp ? NamespaceCalls.SockDgram : NamespaceCalls.SockStream;
        int socket = calls.OpenSocket(NamespaceCalls.AfInet, type);
        calls.Bind(socket, bound.Address, bound.Port.Port, mayFail: true);
        thread.RunIn(host.File, calls);
        FileDescriptor held = calls.DescriptorOf(socket);
        if (calls.ErrnoOf(socket + 1) == 0)
        {
            return held;
        }

        held.Dispose();
        return null;
    }

    private (int Udp, int Tcp) BindDns(NamespaceCalls calls)
    {
        int udp = calls.OpenSocket(NamespaceCalls.AfInet, NamespaceCalls.SockDgram);
        calls.Bind(udp, DnsAddress, options.DnsPort);
        int tcp = calls.OpenSocket(NamespaceCalls.AfInet, NamespaceCalls.SockStream);
        nint one = calls.Bytes([1, 0, 0, 0]);
        calls.Add("SO_REUSEADDR", SyscallWindow.SetSockOpt, 0, 1, 2, one, 4, on: tcp);
        calls.Bind(tcp, DnsAddress, options.DnsPort);
        calls.Add("listen", SyscallWindow.Listen, 0, Backlog, on: tcp);
        return (udp, tcp);
    }

    private static NamespaceHandle Open(KernelThread thread, NamespaceCalls calls, FileDescriptor? file, bool withTables, string? path = null)
    {
        int route = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw, NetlinkSocket.Route);
        int flows = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw, NetlinkSocket.Netfilter);
        int tables = withTables ? calls.Add("nft_ctx_new", LibNftables.NewContext) : -1;
        lock (NftContext.Gate)
        {
            thread.RunIn(file, calls);
        }

        return new NamespaceHandle(file ?? LibC.OpenRead(path!))
        {
            Route = new NetlinkSocket(calls.DescriptorOf(route)),
            Flows = new NetlinkSocket(calls.DescriptorOf(flows)),
            Tables = withTables ? new NftContext(calls.ResultOf(tables)) : null,
        };
    }
}
