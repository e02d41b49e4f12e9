using Microsoft.Extensions.Logging;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;

namespace Skep.Overlay.Conntrack;

/// <summary>Forgets UDP flows of a backend, in whichever way this kernel allows.</summary>
/// <remarks>The kernel walks the whole machine's conntrack table for each request (about 20 ms, however few flows there are), so this has a thread of
/// its own: starting tasks and changing tables do not wait for it.</remarks>
internal sealed class FlowTable(bool canFilterDeletes, ILogger logger) : IDisposable
{
    private const int NoSuchEntry = 2;
    private readonly KernelThread _thread = new("skep-flows");

    /// <summary>Completes when the flows are gone; a failure is logged and leaves them to their timeouts.</summary>
    public Task<bool> ForgetAsync(NetlinkSocket flows, Ipv4Address backend, CancellationToken ct) => _thread.RunAsync(() => TryForget(flows, backend), ct);

    /// <summary>Closes a namespace's socket once nothing asked before needs it.</summary>
    public void Close(NetlinkSocket flows) => _ = _thread.RunAsync(() => Closed(flows), CancellationToken.None);

    public void Dispose() => _thread.Dispose();

    private static bool Closed(NetlinkSocket flows)
    {
        flows.Dispose();
        return true;
    }

    private bool TryForget(NetlinkSocket flows, Ipv4Address backend)
    {
        try
        {
            Forget(flows, backend);
            return true;
        }
        catch (KernelException e)
        {
            OverlayLog.FlowsKept(logger, backend, e);
            return false;
        }
    }

    private void Forget(NetlinkSocket flows, Ipv4Address backend)
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
