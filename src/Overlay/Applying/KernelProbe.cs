using System.Text;
using Skep.Overlay.Conntrack;
using Skep.Overlay.Mesh;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;
using Skep.Overlay.Nftables;

namespace Skep.Overlay.Applying;

/// <summary>Tries out what the kernel can, in a namespace that goes away at once.</summary>
internal static class KernelProbe
{
    public static KernelFeatures Run(KernelThread thread)
    {
        using var calls = new NamespaceCalls();
        calls.NewNamespace();
        calls.LoopbackUp();
        int route = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw, NetlinkSocket.Route);
        int xfrm = calls.Add("socket", SyscallWindow.Socket, NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw | NamespaceCalls.SockCloExec, NetlinkSocket.Xfrm, mayFail: true);
        int flows = calls.OpenSocket(NamespaceCalls.AfNetlink, NamespaceCalls.SockRaw, NetlinkSocket.Netfilter);
        int tables = calls.Add("nft_ctx_new", LibNftables.NewContext);
        lock (NftContext.Gate)
        {
            thread.RunIn(null, calls);
        }

        using var links = new NetlinkSocket(calls.DescriptorOf(route));
        using var tracked = new NetlinkSocket(calls.DescriptorOf(flows));
        using var context = new NftContext(calls.ResultOf(tables));
        bool nftables = HasTables(context);
        return new KernelFeatures(
            Vxlan: HasLink(links, "vxlan", w => { w.Attribute(1, 1u); w.Attribute(15, [0x12, 0xb5]); }),
            Nftables: nftables,
            Macvlan: HasLink(links, "macvlan", w => w.Attribute(1, 4u), parent: 1),
            Ipvlan: HasLink(links, "ipvlan", w => w.Attribute(1, [0, 0]), parent: 1),
            WireGuard: HasLink(links, "wireguard", null),
            Esp: calls.ErrnoOf(xfrm) == 0 && HasEsp(calls.DescriptorOf(xfrm)),
            FilteredFlowDelete: nftables && ConntrackFlusher.CanFilterDeletes(tracked));
    }

    private static bool HasTables(NftContext context)
    {
        try
        {
            context.Run(MeshTable.Define(new MeshParameters("p", 4789, default, new Ipv4Address(1), default, 1450, true)).ToCommand());
            return true;
        }
        catch (NftException)
        {
            return false;
        }
    }

    private static bool HasLink(NetlinkSocket socket, string kind, Action<NetlinkWriter>? data, int parent = 0)
    {
        var message = new NetlinkWriter();
        message.Begin(RouteMessages.NewLink, NetlinkWriter.Create | NetlinkWriter.Exclusive);
        message.Struct(default(InterfaceHeader));
        message.Attribute(3, $"p{kind}");
        if (parent != 0)
        {
            message.Attribute(5, (uint)parent); // IFLA_LINK
        }

        int info = message.BeginNest(18);
        message.Attribute(1, kind);
        if (data is not null)
        {
            int nest = message.BeginNest(2);
            data(message);
            message.EndNest(nest);
        }
        message.EndNest(info);
        message.End();
        int failed = 0;
        socket.Send(message, (_, errno, _) => failed = errno);
        // The loopback is a poor parent; any answer but "unknown device type" shows that the driver is there.
        const int notSupported = 95;
        return failed != notSupported;
    }

    /// <summary>Policies are accepted even where ESP is missing, so a state with the cipher is made.</summary>
    private static bool HasEsp(FileDescriptor descriptor)
    {
        const ushort newState = 0x10;
        using var socket = new NetlinkSocket(descriptor);
        byte[] state = new byte[224]; // struct xfrm_usersa_info
        new Ipv4Address(0xc0000202).WriteTo(state.AsSpan(56)); // id.daddr
        state[74] = 1; // id.spi, big endian at 72
        state[76] = 50; // id.proto: ESP
        new Ipv4Address(0xc0000201).WriteTo(state.AsSpan(80)); // saddr
        state.AsSpan(96, 32).Fill(0xff); // lft: no limits
        state[212] = 2; // family
        byte[] aead = new byte[64 + 8 + 20]; // struct xfrm_algo_aead
        Encoding.ASCII.GetBytes("rfc4106(gcm(aes))", aead);
        aead[64] = 160; // key bits
        aead[68] = 128; // bits of the check value
        var message = new NetlinkWriter();
        message.Begin(newState, NetlinkWriter.Create | NetlinkWriter.Exclusive);
        foreach (byte[] word in state.Chunk(4))
        {
            message.Struct(BitConverter.ToUInt32(word));
        }

        message.Attribute(18, aead); // XFRMA_ALG_AEAD
        message.End();
        bool works = true;
        socket.Send(message, (_, _, _) => works = false);
        return works;
    }
}
