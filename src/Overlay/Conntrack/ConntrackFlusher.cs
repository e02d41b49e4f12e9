using Microsoft.Extensions.Logging;
using Skep.Overlay.Namespaces;
using Skep.Overlay.Netlink;

namespace Skep.Overlay.Conntrack;

/// <summary>Forgets UDP flows of a backend, in whichever way this kernel allows.</summary>
/// <remarks>The kernel walks the whole machine's conntrack table for each request (about 20 ms, however few flows there are), so this has a thread of
/// its own: starting tasks and changing tables do not wait for it.</remarks>
internal sealed class ConntrackFlusher(bool canFilterDeletes, ILogger logger) : IDisposable
{
    private const int NoSuchEntry = 2;
    private readonly KernelThread _thread = new("skep-flows");
    private readonly Lock _gate = new();
    private readonly Dictionary<NetlinkSocket, Waiting> _waiting = [];

    /// <summary>Backends of one namespace that the thread has not come to yet: one walk serves them all.</summary>
    private sealed record Waiting(HashSet<Ipv4Address> Backends, Task<bool> Done);

    /// <summary>Completes when the flows are gone; a failure is logged and leaves them to their timeouts.</summary>
    public Task<bool> DeleteAsync(NetlinkSocket flows, Ipv4Address backend, CancellationToken ct)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(flows, out Waiting? waiting))
            {
                _waiting[flows] = waiting = new Waiting([], _thread.RunAsync(() => TryForget(flows), CancellationToken.None));
            }

            waiting.Backends.Add(backend);
            return waiting.Done.WaitAsync(ct);
        }
    }

    /// <summary>Closes a namespace's socket once nothing asked before needs it.</summary>
    public void Close(NetlinkSocket flows) => _ = _thread.RunAsync(() => Closed(flows), CancellationToken.None);

    public void Dispose() => _thread.Dispose();

    private static bool Closed(NetlinkSocket flows)
    {
        flows.Dispose();
        return true;
    }

    private bool TryForget(NetlinkSocket flows)
    {
        Waiting? waiting;
        lock (_gate)
        {
            _waiting.Remove(flows, out waiting); // from here on a further backend waits for a further walk
        }

        try
        {
            Forget(flows, waiting!.Backends);
            return true;
        }
        catch (KernelException e)
        {
            OverlayLog.FlowsKept(logger, string.Join(", ", waiting!.Backends.Order()), e);
            return false;
        }
    }

    private void Forget(NetlinkSocket flows, HashSet<Ipv4Address> backends)
    {
        if (Count(flows) == 0)
        {
            return;
        }

        var message = new NetlinkWriter();
        if (canFilterDeletes)
        {
            foreach (Ipv4Address backend in backends)
            {
                FlowMessages.DeleteByFilter(message, backend);
            }
        }
        else
        {
            foreach (Flow flow in List(flows).Where(f => f.Protocol == FlowMessages.Udp && backends.Contains(f.Answerer)))
            {
                FlowMessages.DeleteOne(message, flow);
            }
        }
        if (message.Starts.Count > 0)
        {
            flows.Send(message, Fail);
        }
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

    /// <summary>Entries of the namespace; null where the kernel does not tell.</summary>
    private static uint? Count(NetlinkSocket flows)
    {
        uint? count = null;
        var question = new NetlinkWriter();
        FlowMessages.Count(question);
        flows.Send(question, (_, _, _) => { }, (_, payload) => count = FlowMessages.CountIn(payload));
        return count;
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
        {
            throw new KernelException($"conntrack delete {reason}", errno);
        }
    }
}
