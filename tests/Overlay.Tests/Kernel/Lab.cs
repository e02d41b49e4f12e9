using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;
using Skep.Overlay.Planning;

namespace Skep.Overlay.Tests.Kernel;

/// <summary>A switch, nodes and a client on another subnet, each a network namespace of this test run.</summary>
/// <remarks>Switch: 192.168.50.1/24 towards the nodes (192.168.50.1N), 203.0.113.1/24 towards the client (203.0.113.10).</remarks>
internal sealed class Lab : IDisposable
{
    private const byte Foreign = 4; // a route of the host's own, which the node's network must leave alone
    private readonly KernelThread _thread = new("skt-ovl-lab");
    private readonly List<string> _files = [];
    private readonly Dictionary<string, NetlinkSocket> _sockets = [];

    public Lab(int nodes)
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("skt-ovl-").FullName;
        try
        {
            Build(nodes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Directory { get; }

    public static Ipv4Address NodeAddress(int node) => Ipv4Address.From(192, 168, 50, (byte)(10 + node));

    public static Ipv4Address Client => Ipv4Address.From(203, 0, 113, 10);

    public string PathOf(string name) => Path.Combine(Directory, name);

    public string Node(int node) => PathOf($"n{node}");

    public string ClientPath => PathOf("cl");

    /// <summary>A descriptor of a socket inside a namespace.</summary>
    public FileDescriptor OpenSocket(string path, int type)
    {
        using FileDescriptor file = Namespaces.LibC.OpenRead(path);
        return _thread.RunAsync(() => NamespaceFactory.OpenSocket(_thread, file, type), CancellationToken.None).Result;
    }

    public RouteDump Dump(string name) => RouteDump.Of(_sockets[name]);

    public void AddRoute(string name, string prefix, string via, string device) =>
        Send(name, w => RouteMessages.Route(w, true, IndexOf(name, device), new Route(254, Ipv4Prefix.Parse(prefix), device, Ipv4Address.Parse(via)), Foreign));

    public void AddAddress(string name, string address, int length, string device) =>
        Send(name, w => RouteMessages.Address(w, true, IndexOf(name, device), new LinkAddress(device, Ipv4Address.Parse(address), length)));

    /// <summary>An address in any namespace, as a task with NET_ADMIN could add it.</summary>
    public void AddAddressIn(string path, string address, string device)
    {
        using FileDescriptor file = Namespaces.LibC.OpenRead(path);
        using var calls = new NamespaceCalls();
        int route = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw);
        _thread.RunAsync(() => { _thread.RunIn(file, calls); return 0; }, CancellationToken.None).Wait();
        using var socket = new NetlinkSocket(calls.DescriptorOf(route));
        var message = new NetlinkWriter();
        int index = RouteDump.Of(socket).Links.Single(l => l.Name == device).Index;
        RouteMessages.Address(message, true, index, new LinkAddress(device, Ipv4Address.Parse(address), 32));
        socket.Send(message, (_, errno, reason) => throw new KernelException(reason, errno));
    }

    /// <summary>A namespace's commands for nft.</summary>
    public void RunNft(string name, string commands)
    {
        using FileDescriptor file = Namespaces.LibC.OpenRead(PathOf(name));
        using var calls = new NamespaceCalls();
        int context = calls.Add("nft_ctx_new", Nftables.LibNftables.NewContext);
        _thread.RunAsync(() => { _thread.RunIn(file, calls); return 0; }, CancellationToken.None).Wait();
        using var nft = new Nftables.NftContext(calls.ResultOf(context));
        nft.Run(commands);
    }

    public string? ListNft(string name, string command)
    {
        using FileDescriptor file = Namespaces.LibC.OpenRead(PathOf(name));
        using var calls = new NamespaceCalls();
        int context = calls.Add("nft_ctx_new", Nftables.LibNftables.NewContext);
        _thread.RunAsync(() => { _thread.RunIn(file, calls); return 0; }, CancellationToken.None).Wait();
        using var nft = new Nftables.NftContext(calls.ResultOf(context));
        return nft.List(command);
    }

    public void Dispose()
    {
        foreach (NetlinkSocket socket in _sockets.Values)
        {
            socket.Dispose();
        }

        foreach (string file in _files)
        {
            Namespaces.LibC.UnmountAndUnlink(file);
        }

        _thread.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void Build(int nodes)
    {
        Make("sw", "net/ipv4/ip_forward=1", "net/ipv4/conf/all/rp_filter=0", "net/bridge/bridge-nf-call-iptables=0");
        Make("cl");
        Send("sw", w => Bridge(w, "br0"));
        SetUp("sw", "br0");
        AddAddress("sw", "192.168.50.1", 24, "br0");
        AddKernelRoute("sw", "192.168.50.0/24", "br0");
        Connect("sw", "tocl", "cl");
        AddAddress("sw", "203.0.113.1", 24, "tocl");
        AddKernelRoute("sw", "203.0.113.0/24", "tocl");
        AddAddress("cl", Client.ToString(), 24, "eth0");
        AddKernelRoute("cl", "203.0.113.0/24", "eth0");
        AddRoute("cl", "0.0.0.0/0", "203.0.113.1", "eth0");
        for (int node = 1; node <= nodes; node++)
        {
            string name = $"n{node}";
            Make(name, "net/ipv4/conf/all/rp_filter=1", "net/ipv4/conf/default/rp_filter=1");
            Connect("sw", $"p{node}", name, master: "br0");
            AddAddress(name, NodeAddress(node).ToString(), 24, "eth0");
            AddKernelRoute(name, "192.168.50.0/24", "eth0");
            AddRoute(name, "0.0.0.0/0", "192.168.50.1", "eth0");
        }
    }

    private void Make(string name, params string[] sysctls)
    {
        string path = PathOf(name);
        File.WriteAllBytes(path, []);
        _files.Add(path);
        using var calls = new NamespaceCalls();
        calls.NewNamespace();
        foreach (string[] setting in sysctls.Select(s => s.Split('=')))
        {
            calls.WriteSysctl(setting[0], setting[1]);
        }

        calls.LoopbackUp();
        calls.MountNamespaceAt(path);
        int route = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw);
        _thread.RunAsync(() => { _thread.RunIn(null, calls); return 0; }, CancellationToken.None).Wait();
        _sockets[name] = new NetlinkSocket(calls.DescriptorOf(route));
    }

    private void Connect(string from, string link, string to, string? master = null)
    {
        using FileDescriptor target = Namespaces.LibC.OpenRead(PathOf(to));
        int masterIndex = master is null ? 0 : IndexOf(from, master);
        Send(from, w =>
        {
            w.Begin(RouteMessages.NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive);
            w.Struct(new InterfaceHeader { Flags = 1, Change = 1 });
            w.Attribute(3, link);
            if (masterIndex != 0)
            {
                w.Attribute(10, (uint)masterIndex);
            }

            int info = w.BeginNest(18);
            w.Attribute(1, "veth");
            int data = w.BeginNest(2), peer = w.BeginNest(1);
            w.Struct(default(InterfaceHeader));
            w.Attribute(3, "eth0");
            w.Attribute(28, (uint)target.Value);
            w.EndNest(peer);
            w.EndNest(data);
            w.EndNest(info);
            w.End();
        });
        SetUp(from, link);
        SetUp(to, "eth0");
    }

    private static void Bridge(NetlinkWriter w, string name)
    {
        w.Begin(RouteMessages.NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive);
        w.Struct(default(InterfaceHeader));
        w.Attribute(3, name);
        int info = w.BeginNest(18);
        w.Attribute(1, "bridge");
        w.EndNest(info);
        w.End();
    }

    private void SetUp(string name, string device) => Send(name, w => RouteMessages.SetLink(w, IndexOf(name, device)));

    private void AddKernelRoute(string name, string prefix, string device) =>
        Send(name, w => RouteMessages.Route(w, true, IndexOf(name, device), new Route(254, Ipv4Prefix.Parse(prefix), device, null), Foreign));

    private int IndexOf(string name, string device) => RouteDump.Of(_sockets[name]).Links.Single(l => l.Name == device).Index;

    private void Send(string name, Action<NetlinkWriter> write)
    {
        var message = new NetlinkWriter();
        write(message);
        _sockets[name].Send(message, (_, errno, reason) => throw new KernelException($"lab {name} {reason}", errno));
    }
}
