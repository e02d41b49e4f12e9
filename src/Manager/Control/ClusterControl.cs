namespace Skep.Manager.Control;

/// <summary>What users may ask of the cluster, on whichever manager they ask: each operation validates, plans a batch and commits it.</summary>
/// <remarks>
/// Errors are <see cref="ClusterException"/>s with Docker's words. Updates name the version they were made from; a stale one is
/// <see cref="ErrorKind.OutOfSequence"/>. Nothing here reconciles: what a change leads to is the business of the loops.
/// </remarks>
public sealed class ClusterControl : StackControls
{
    private readonly ClusterStore _store;
    private readonly TimeProvider _time;
    private readonly IdSource _ids;

    /// <param name="logs">Output of tasks, wherever they run.</param>
    /// <param name="tunnels">Ways to the Engine API of other nodes.</param>
    public ClusterControl(ClusterStore store, TimeProvider time, IdSource ids, IMembershipControl members, ILogSource logs, INodeTunnels tunnels)
        : this(store, new ControlCommits(store), time, ids, members, logs, tunnels)
    {
    }

    private ClusterControl(ClusterStore store, ControlCommits commits, TimeProvider time, IdSource ids, IMembershipControl members, ILogSource logs, INodeTunnels tunnels)
        : base(commits, time, ids)
    {
        _store = store;
        _time = time;
        _ids = ids;
        Members = members;
        Logs = logs;
        Tunnels = tunnels;
        Nodes = new NodeControl(commits, time, members);
        Attachments = new AttachmentControl(commits, ids);
        Swarm = new SwarmControl(commits, time);
    }

    public NodeControl Nodes { get; }

    public AttachmentControl Attachments { get; }

    public SwarmControl Swarm { get; }

    public IMembershipControl Members { get; }

    public ILogSource Logs { get; }

    public INodeTunnels Tunnels { get; }

    /// <summary>The cluster with every write that was answered before.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: no leader.</exception>
    public ValueTask<StoreView> ReadAsync(CancellationToken ct) => _store.ReadAsync(ct);

    /// <summary>A place to try operations out, from the cluster with every write that was answered before.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: no leader.</exception>
    public async Task<ClusterDryRun> DryRunAsync(CancellationToken ct) => new(_store.Branch(await _store.ReadAsync(ct)), _time, _ids);

    /// <summary>Everything that is stored, with every write that was answered before, secrets and the root's key among it: to be sealed before it is given away.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: no leader.</exception>
    public async Task<byte[]> SaveAsync(CancellationToken ct)
    {
        StoreView view = await _store.ReadAsync(ct).ConfigureAwait(false);
        using var content = new MemoryStream();
        _store.WriteSnapshot(view, content);
        return content.ToArray();
    }

    /// <summary>The cluster as this manager last saw it; for what must answer even without a leader.</summary>
    public StoreView View() => _store.View();

    public StoreWatch Watch() => _store.Watch();

    /// <summary>Equal on managers that hold the same objects at the same index. Reads the whole store.</summary>
    public ulong Checksum(StoreView view) => _store.Checksum(view);
}
