using System.Collections.Concurrent;

namespace Skep.Manager.Liveness;

/// <summary>When this manager last heard of each node that has a session with it.</summary>
public sealed class NodePresence(TimeProvider time)
{
    private readonly ConcurrentDictionary<NodeId, long> _heard = new();

    internal Wakeup Announced { get; } = new();

    public void Seen(NodeId node) => _heard[node] = time.GetTimestamp();

    /// <summary>Word of this node is not to wait for its turn: its state is about to change.</summary>
    public void Announce(NodeId node)
    {
        Seen(node);
        Announced.Wake();
    }

    public void Removed(NodeId node) => _heard.TryRemove(node, out _);

    /// <summary>Each node with the time since its last message.</summary>
    public IReadOnlyList<(NodeId Node, TimeSpan Age)> Ages() => [.. _heard.Select(p => (p.Key, time.GetElapsedTime(p.Value)))];
}
