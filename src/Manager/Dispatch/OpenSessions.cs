namespace Skep.Manager.Dispatch;

/// <summary>The session that each node has with this manager: one, the newest.</summary>
/// <remarks>
/// A node begins another while this manager has not noticed yet that the connection of the last one is dead; or two machines show one certificate. Either way two sessions of
/// one node would contradict each other. Sessions with different managers do not know of each other: there, a node is whatever its managers hear last.
/// </remarks>
internal sealed class OpenSessions
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NodeId, OpenSession> _ofNode = [];

    /// <summary>The node's session from now on; the one before, if there was one, is ended.</summary>
    /// <param name="peer">Where it comes from, for the log.</param>
    public OpenSession Begin(NodeId node, string peer, out OpenSession? replaced)
    {
        var session = new OpenSession(node, peer);
        lock (_gate)
        {
            replaced = _ofNode.GetValueOrDefault(node);
            _ofNode[node] = session;
        }

        replaced?.End(peer);
        return session;
    }

    /// <summary>The session is over.</summary>
    /// <returns>Whether the node has no session here any more; false: a newer one stands.</returns>
    public bool End(OpenSession session)
    {
        lock (_gate)
        {
            return ((ICollection<KeyValuePair<NodeId, OpenSession>>)_ofNode).Remove(new(session.Node, session));
        }
    }
}

/// <summary>One node's session, until a newer one takes its place.</summary>
internal sealed class OpenSession(NodeId node, string peer)
{
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NodeId Node => node;

    public string Peer => peer;

    /// <summary>Fails, with words for the agent, when a newer session stands.</summary>
    public Task Replaced => _replaced.Task;

    public void End(string newerPeer) => _replaced.TrySetException(new ClusterException(
        ErrorKind.AlreadyExists,
        $"node {node} began another session with this manager, from {newerPeer}; this one, from {peer}, is ended. If both are machines of yours, one is a copy of the other: let it leave and join anew"));
}
