using System.Collections.Concurrent;

namespace Skep.Raft;

/// <content>Snapshots: taken here, sent to whoever lags, received from the leader.</content>
public sealed partial class RaftNode
{
    private readonly ConcurrentDictionary<Task, bool> _background = [];
    private readonly SemaphoreSlim _receiving = new(1);

    /// <summary>The snapshot the log's mark names.</summary>
    private SnapshotMeta _snapshotMeta;

    private long _bytesSinceSnapshot;
    private long _snapshotFileBytes;
    private bool _writingSnapshot;
    private volatile SnapshotPolicy _policy;

    /// <summary>A received file that the core has not decided about.</summary>
    private SnapshotMeta? _offered;

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
        await _receiving.WaitAsync(ct);
        try
        {
            // What is committed here already needs no file: the core answers how far this member is.
            if (meta.Index > Status.Commit)
            {
                using SnapshotWriter writer = _snapshots.Receive(meta);
                await SnapshotTransfer.ReceiveAsync(source, writer, ct);
                writer.Commit();
            }

            await ErrandAsync(
                () =>
                {
                    _offered = meta;
                    _core.Step(snapshotMessage);
                    done.TrySetResult();
                },
                ct);
            if (!_options.InlineBackground)
            {
                await done.Task.WaitAsync(_stopped);
            }
        }
        finally
        {
            _receiving.Release();
        }
    }

    /// <summary>Holds from the next entry that is applied.</summary>
    public void Follow(SnapshotPolicy next)
    {
        ArgumentOutOfRangeException.ThrowIfZero(next.Entries);
        ArgumentOutOfRangeException.ThrowIfNegative(next.OldSnapshots);
        _policy = next;
    }

    private void SnapshotIfDue()
    {
        // A large state is not written again for a small log: that would cost many times what the log itself does.
        bool worthwhile = _policy.IsStrict || _bytesSinceSnapshot >= _snapshotFileBytes / 8;
        bool due = (worthwhile && _appliedIndex - _snapshotMeta.Index >= _policy.Entries) || _bytesSinceSnapshot >= _options.SnapshotLogBytes;
        if (!due || _writingSnapshot || _appliedIndex == _snapshotMeta.Index)
        {
            return;
        }

        _writingSnapshot = true;
        _bytesSinceSnapshot = 0;
        SnapshotMeta meta = new(_appliedIndex, _appliedTerm, _membership);
        ReadOnlyMemory<byte> ids = _recent.Encode();
        IStateSnapshot state = _stateMachine.Capture();
        InBackground(async () =>
        {
            Exception? problem = null;
            long bytes = 0;
            try
            {
                using SnapshotWriter writer = _snapshots.Create(meta);
                writer.Write(ids.Span);
                state.WriteTo(writer);
                writer.Commit();
                bytes = writer.FileBytes;
            }
            catch (Exception e)
            {
                problem = e; // carried into the loop, which stops with it
            }

            await ErrandAsync(() => SnapshotWritten(meta, bytes, problem), _stopped);
        });
    }

    private void SnapshotWritten(SnapshotMeta meta, long bytes, Exception? problem)
    {
        _writingSnapshot = false;
        if (problem is not null)
        {
            throw new IOException($"the snapshot at index {meta.Index} could not be written: {problem.Message}", problem);
        }

        if (meta.Index <= _snapshotMeta.Index)
        {
            return; // a newer one came from the leader meanwhile; pruning removes this file
        }

        _snapshotFileBytes = bytes;
        _log.SnapshotWritten(meta.Index, meta.Term, bytes);
        RaftMetrics.Snapshots.Add(1);
        _wal.MarkSnapshot(meta.Index, meta.Term);
        _wal.Sync();
        _snapshotMeta = meta;
        SnapshotPolicy now = _policy;
        _core.Compact(meta, now.KeepEntries);
        _wal.DropBefore(meta.Index + 1 > now.KeepEntries ? meta.Index + 1 - now.KeepEntries : 0);
        _snapshots.Prune(meta.Index, meta.Term, now.OldSnapshots);
    }

    /// <summary>The log's mark for it is durable: make the state machine's state the snapshot's.</summary>
    private void Install(SnapshotMeta meta)
    {
        Invariant.Holds(meta.Index > _appliedIndex);
        using (SnapshotReader reader = _snapshots.OpenRead(meta.Index, meta.Term))
        {
            _recent.Restore(reader);
            _stateMachine.Restore(reader, meta.Index);
            reader.VerifyRest();
        }

        _snapshotMeta = meta;
        _appliedIndex = meta.Index;
        _appliedTerm = meta.Term;
        _bytesSinceSnapshot = 0;
        _offered = null;
        _snapshots.Incoming = null;
        SetMembership(meta.Membership, meta.Index);
        _wal.DropBefore(meta.Index + 1);
        _snapshots.Prune(meta.Index, meta.Term, _policy.OldSnapshots);
        _log.SnapshotRestored(meta.Index, meta.Term);
        foreach (ProposalId id in _pending.Keys.Where(_recent.Contains).ToList())
        {
            FinishUnseen(id);
        }
    }

    /// <summary>A received file that the core did not want would stand in the way of pruning.</summary>
    private void ForgetRefusedSnapshot()
    {
        if (_offered is { } meta)
        {
            _offered = null;
            _snapshots.Incoming = null;
            if ((meta.Index, meta.Term) != (_snapshotMeta.Index, _snapshotMeta.Term) && _snapshots.Contains(meta.Index, meta.Term) && meta.Index > _snapshotMeta.Index)
            {
                _snapshots.Delete(meta.Index, meta.Term);
            }
        }
    }

    private void SendSnapshot(Message message)
    {
        SnapshotMeta meta = message.Snapshot!;
        RaftMember? peer = FindPeer(message.To);
        if (peer is null)
        {
            _core.ReportSnapshot(message.To, ok: false);
            return;
        }

        _log.SnapshotSending(meta.Index, peer.Id);
        SnapshotReader reader = _snapshots.OpenRead(meta.Index, meta.Term);
        InBackground(async () =>
        {
            bool ok = false;
            try
            {
                await using SnapshotTransfer transfer = new(reader);
                await _transport.SendSnapshotAsync(peer, message, transfer, _stopped);
                ok = true;
            }
            catch (Exception e)
            {
                // The edge to the network: whatever went wrong, the core tries again later.
                _log.SnapshotSendFailed(e, meta.Index, peer.Id);
            }

            await ErrandAsync(() => _core.ReportSnapshot(peer.Id, ok), _stopped);
        });
    }

    private void InBackground(Func<Task> work)
    {
        Task task = _options.InlineBackground ? work() : Task.Run(work);
        if (!task.IsCompleted && _background.TryAdd(task, true))
        {
            _ = task.ContinueWith(t => _background.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
