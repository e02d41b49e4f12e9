using Skep.Raft;

namespace Skep.Manager.Consensus;

/// <summary>The Raft group as the store's log, and the store as its state machine. The two need each other, so the node is attached after both exist.</summary>
public sealed class RaftLog : IReplicatedLog, IStateMachine
{
    private RaftNode? _node;
    private ClusterStore? _store;

    private RaftNode Raft => _node ?? throw new ClusterException(ErrorKind.Unavailable, "the manager is starting");

    private ClusterStore Store => _store ?? throw new InvalidOperationException("no store attached");

    public void Attach(ClusterStore store) => _store = store;

    public void Attach(RaftNode node) => _node = node;

    public async ValueTask<LogResult> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken ct)
    {
        try
        {
            ProposalResult result = await Raft.ProposeAsync(entry, ct).ConfigureAwait(false);
            return new LogResult(result.Index, result.Value);
        }
        catch (RaftUnavailableException e)
        {
            throw Unavailable(e);
        }
    }

    /// <remarks>The node answers once the index is applied here; entries without a batch do not reach the store, so its own index is the one to wait for.</remarks>
    public async ValueTask<ulong> ReadIndexAsync(CancellationToken ct)
    {
        try
        {
            await Raft.ReadIndexAsync(ct).ConfigureAwait(false);
            return Store.View().Index;
        }
        catch (RaftUnavailableException e)
        {
            throw Unavailable(e);
        }
    }

    object? IStateMachine.Apply(ulong index, ReadOnlyMemory<byte> data) => Store.Apply(index, data);

    IStateSnapshot IStateMachine.Capture() => new Picture(Store, Store.View());

    void IStateMachine.Restore(Stream snapshot, ulong index) => Store.Restore(index, snapshot);

    /// <remarks>The words Docker's users know, then ours. Source: moby/swarmkit:manager/state/raft/raft.go ErrLostQuorum's message in moby/moby.</remarks>
    private static ClusterException Unavailable(RaftUnavailableException e)
        => new(ErrorKind.Unavailable, $"The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online. ({e.Message})", e);

    private sealed class Picture(ClusterStore store, StoreView view) : IStateSnapshot
    {
        public void WriteTo(Stream destination) => store.WriteSnapshot(view, destination);
    }
}
