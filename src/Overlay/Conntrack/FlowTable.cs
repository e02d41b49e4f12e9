using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;

namespace Skep.Overlay.Conntrack;

/// <summary>Forgets UDP flows of a backend, in whichever way this kernel allows.</summary>
internal sealed class FlowTable(bool canFilterDeletes)
{
    private const int NoSuchEntry = 2;

    public void Forget(NetlinkSocket flows, Ipv4Address backend)
    {
        var message = new NetlinkWriter();
        if (canFilterDeletes)
        {
            FlowMessages.DeleteByFilter(message, backend);
        }
        else
        {
            foreach (Flow flow in List(flows).Where(f => f.Protocol == FlowMessages.Udp && f.Answerer == backend))
                FlowMessages.DeleteOne(message, flow);
        }
        if (message.Starts.Count > 0)
            flows.Send(message, Fail);
    }

    /// <summary>Tries out, in a namespace that is thrown away, whether a delete with a filter spares the others.</summary>
    public static bool CanFilterDeletes(NetlinkSocket flows)
    {
        (Ipv4Address leaving, Ipv4Address staying, Ipv4Address client) = (new(0xc0000201), new(0xc0000202), new(0xc0000203));
        var message = new NetlinkWriter();
        FlowMessages.Add(message, client, leaving);
        FlowMessages.Add(message, client, staying);
        bool works = true;
        flows.Send(message, (_, _, _) => works = false);
        message.Clear();
        FlowMessages.DeleteByFilter(message, leaving);
        flows.Send(message, (_, _, _) => works = false);
        List<Flow> left = List(flows);
        return works && left.Count == 1 && left[0].Answerer == staying;
    }

    private static List<Flow> List(NetlinkSocket flows)
    {
        var request = new NetlinkWriter();
        FlowMessages.List(request);
        return [.. flows.List(request).Select(entry => FlowMessages.Parse(entry.Payload))];
    }

    private static void Fail(int message, int errno, string reason)
    {
        if (errno != NoSuchEntry)
            throw new KernelException($"conntrack delete {reason}", errno);
    }
}
