using Microsoft.Extensions.Logging;
using Skep.Overlay.Namespaces;

namespace Skep.Overlay.Applying;

/// <summary>Sockets bound to the published ports, so that no program of the host takes one and wonders why nobody reaches it.</summary>
/// <remarks>
/// And the other way round: a port that a program already listens on is the program's. A service that asks for 22 must not lock everybody out of the machine.
/// All methods run on the writer thread.
/// </remarks>
internal sealed class PortReservations(KernelThread thread, ILogger logger) : IDisposable
{
    private readonly Dictionary<BoundPort, FileDescriptor> _reserved = [];
    private SortedSet<BoundPort> _held = [];

    /// <summary>Whether every port that is wanted is bound. Where not, it is worth looking again.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Binds what is wanted and lets go of what is not.</summary>
    /// <returns>Ports that programs of the host listen on.</returns>
    public IReadOnlyCollection<BoundPort> Hold(SortedSet<BoundPort> wanted, NamespaceHandle host)
    {
        foreach (BoundPort stale in _reserved.Keys.Where(p => !wanted.Contains(p)).ToList())
        {
            _reserved.Remove(stale, out FileDescriptor? socket);
            socket!.Dispose();
        }

        var unbound = new List<BoundPort>();
        foreach (BoundPort port in wanted.Where(p => !_reserved.ContainsKey(p)))
        {
            if (NamespaceFactory.Reserve(thread, host, port) is { } socket)
            {
                _reserved[port] = socket;
            }
            else
            {
                unbound.Add(port);
            }
        }

        IsComplete = unbound.Count == 0;
        // A connection of the host that happens to come from a port is in the way of binding it, not of serving it.
        var held = new SortedSet<BoundPort>(ListeningSockets.Among(unbound, thread, host));
        foreach (BoundPort port in held.Except(_held))
        {
            OverlayLog.PortHeld(logger, port);
        }

        foreach (BoundPort port in _held.Except(held).Where(wanted.Contains))
        {
            OverlayLog.PortFreed(logger, port);
        }

        return _held = held;
    }

    public void Dispose()
    {
        foreach (FileDescriptor socket in _reserved.Values)
        {
            socket.Dispose();
        }

        _reserved.Clear();
    }
}
