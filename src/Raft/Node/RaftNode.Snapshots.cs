using System.Collections.Concurrent;

namespace Skep.Raft;

/// <content>Snapshots: taken here, sent to whoever lags, received from the leader.</content>
public sealed partial class RaftNode
{
    private readonly ConcurrentDictionary<Task, bool> background = [];
    private readonly SemaphoreSlim receiving = new(1);

    /// <summary>The snapshot the log's mark names.</summary>
    private SnapshotMeta snapshotMeta;

    private long bytesSinceSnapshot;
    private long snapshotFileBytes;
    private bool writingSnapshot;
    private volatile SnapshotPolicy policy;

    /// <summary>A received file that the core has not decided about.</summary>
    private SnapshotMeta? offered;

    /// <summary>A snapshot that a peer streams here. Returns when the core has taken it in or refused it.</summary>
    /// <param name="snapshotMessage">As given to the sender's transport.</param>
    /// <param name="data">As given to the sender's transport. Disposed before this returns, read to its end or not: whoever feeds it must not wait for ever.</param>
    /// <param name="ct">Gives up; nothing of the snapshot remains.</param>
    /// <exception cref="InvalidDataException">It did not arrive whole.</exception>
    /// <exception cref="RaftUnavailableException">The node has stopped.</exception>
    public async Task ReceiveSnapshotAsync(Message snapshotMessage, Stream data, CancellationToken ct)
    {
        await using Stream source = data;
        ThrowIfStopped();
        SnapshotMeta meta = snapshotMessage.Snapshot ?? throw new InvalidDataException("a snapshot message without a description");
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await receiving.WaitAsync(ct);
        try
        {
            // What is committed here already needs no file: the core answers how far this member is.
            if (meta.Index > Status.Commit)
            {
                using SnapshotWriter writer = snapshots.Receive(meta);
                await SnapshotTransfer.ReceiveAsync(source, writer, ct);
                writer.Commit();
            }

            await ErrandAsync(
                () =>
                {
                    offered = meta;
                    core.Step(snapshotMessage);
                    done.TrySetResult();
                },
                ct);
            if (!options.InlineBackground)
            {
                await done.Task.WaitAsync(stopped);
            }
        }
        finally
        {
            receiving.Release();
        }
    }

    /// <summary>Holds from the next entry that is applied.</summary>
    public void Follow(SnapshotPolicy next)
    {
        ArgumentOutOfRangeException.ThrowIfZero(next.Entries);
        ArgumentOutOfRangeException.ThrowIfNegative(next.OldSnapshots);
        policy = next;
    }

    private void SnapshotIfDue()
    {
        // A large state is not written again for a small log: that would cost many times what the log itself does.
        bool worthwhile = policy.IsStrict || bytesSinceSnapshot >= snapshotFileBytes / 8;
        bool due = (worthwhile && appliedIndex - snapshotMeta.Index >= policy.Entries) || bytesSinceSnapshot >= options.SnapshotLogBytes;
        if (!due || writingSnapshot || appliedIndex == snapshotMeta.Index)
        {
            return;
        }

        writingSnapshot = true;
        bytesSinceSnapshot = 0;
        SnapshotMeta meta = new(appliedIndex, appliedTerm, membership);
        byte[] ids = recent.Encode();
        IStateSnapshot state = stateMachine.Capture();
        InBackground(async () =>
        {
            Exception? problem = null;
            long bytes = 0;
            try
            {
                using SnapshotWriter writer = snapshots.Create(meta);
                writer.Write(ids);
                state.WriteTo(writer);
                writer.Commit();
                bytes = writer.FileBytes;
            }
            catch (Exception e)
            {
                problem = e; // carried into the loop, which stops with it
            }

            await ErrandAsync(() => SnapshotWritten(meta, bytes, problem), stopped);
        });
    }

    private void SnapshotWritten(SnapshotMeta meta, long bytes, Exception? problem)
    {
        writingSnapshot = false;
        if (problem is not null)
        {
            throw new IOException($"the snapshot at index {meta.Index} could not be written: {problem.Message}", problem);
        }

        if (meta.Index <= snapshotMeta.Index)
        {
            return; // a newer one came from the leader meanwhile; pruning removes this file
        }

        snapshotFileBytes = bytes;
        log.SnapshotWritten(meta.Index, meta.Term, bytes);
        RaftMetrics.Snapshots.Add(1);
        wal.MarkSnapshot(meta.Index, meta.Term);
        wal.Sync();
        snapshotMeta = meta;
        SnapshotPolicy now = policy;
        core.Compact(meta, now.KeepEntries);
        wal.DropBefore(meta.Index + 1 > now.KeepEntries ? meta.Index + 1 - now.KeepEntries : 0);
        snapshots.Prune(meta.Index, meta.Term, now.OldSnapshots);
    }

    /// <summary>The log's mark for it is durable: make the state machine's state the snapshot's.</summary>
    private void Install(SnapshotMeta meta)
    {
        Invariant.Holds(meta.Index > appliedIndex);
        using (SnapshotReader reader = snapshots.OpenRead(meta.Index, meta.Term))
        {
            recent.Restore(reader);
            stateMachine.Restore(reader, meta.Index);
            reader.VerifyRest();
        }

        snapshotMeta = meta;
        appliedIndex = meta.Index;
        appliedTerm = meta.Term;
        bytesSinceSnapshot = 0;
        offered = null;
        snapshots.Incoming = null;
        SetMembership(meta.Membership, meta.Index);
        wal.DropBefore(meta.Index + 1);
        snapshots.Prune(meta.Index, meta.Term, policy.OldSnapshots);
        log.SnapshotRestored(meta.Index, meta.Term);
        foreach (ProposalId id in pending.Keys.Where(recent.Contains).ToList())
        {
            FinishUnseen(id);
        }
    }

    /// <summary>A received file that the core did not want would stand in the way of pruning.</summary>
    private void ForgetRefusedSnapshot()
    {
        if (offered is { } meta)
        {
            offered = null;
            snapshots.Incoming = null;
            if ((meta.Index, meta.Term) != (snapshotMeta.Index, snapshotMeta.Term) && snapshots.Contains(meta.Index, meta.Term) && meta.Index > snapshotMeta.Index)
            {
                snapshots.Delete(meta.Index, meta.Term);
            }
        }
    }

    private void SendSnapshot(Message message)
    {
        SnapshotMeta meta = message.Snapshot!;
        RaftMember? peer = FindPeer(message.To);
        if (peer is null)
        {
            core.ReportSnapshot(message.To, ok: false);
            return;
        }

        log.SnapshotSending(meta.Index, peer.Id);
        SnapshotReader reader = snapshots.OpenRead(meta.Index, meta.Term);
        InBackground(async () =>
        {
            bool ok = false;
            try
            {
                await using SnapshotTransfer transfer = new(reader);
                await transport.SendSnapshotAsync(peer, message, transfer, stopped);
                ok = true;
            }
            catch (Exception e)
            {
                // The edge to the network: whatever went wrong, the core tries again later.
                log.SnapshotSendFailed(e, meta.Index, peer.Id);
            }

            await ErrandAsync(() => core.ReportSnapshot(peer.Id, ok), stopped);
        });
    }

    private void InBackground(Func<Task> work)
    {
        Task task = options.InlineBackground ? work() : Task.Run(work);
        if (!task.IsCompleted && background.TryAdd(task, true))
        {
            _ = task.ContinueWith(t => background.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
