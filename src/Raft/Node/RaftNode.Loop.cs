using System.Collections.Immutable;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <content>The loop: gather, decide, write, tell, apply.</content>
public sealed partial class RaftNode
{
    /// <summary>After a stall the clock does not catch up: a burst of ticks would look like silence of the others.</summary>
    private const int MaxTicksDue = 3;

    private const int MaxMessagesPerPass = 4096;
    private readonly Dictionary<ulong, ImmutableArray<Message>.Builder> _outgoing = [];
    private readonly Membership _knownPeers;
    private ulong _appliedIndex;
    private ulong _appliedTerm;
    private long _tickCount;

    /// <summary>The members with everything applied taken in; the core's is the same after Advance.</summary>
    private Membership _membership;

    private void RunLoop()
    {
        try
        {
            using ITimer timer = _time.CreateTimer(static node => ((RaftNode)node!).TickDue(), this, _options.TickInterval, _options.TickInterval);
            while (!_stopped.IsCancellationRequested)
            {
                if (!Pump())
                {
                    _wake.WaitOne();
                }
            }

            Stop(null);
            _ended.TrySetResult();
        }
        catch (Exception e)
        {
            // The supervisor: whatever it was, this member must not go on with a disk or a state it cannot vouch for.
            _log.Failed(e, _options.Id);
            Stop(e);
            _ended.TrySetException(e);
        }
    }

    /// <summary>One tick of the clock has passed.</summary>
    internal void TickDue()
    {
        if (Volatile.Read(ref _ticksDue) < MaxTicksDue)
        {
            Interlocked.Increment(ref _ticksDue);
            Wake();
        }
    }

    /// <summary>No tick waits to be taken in: who drives the clock may let it go on without outrunning this node.</summary>
    internal bool HasTakenTicks => Volatile.Read(ref _ticksDue) == 0 || _ended.Task.IsCompleted;

    /// <summary>One turn of the loop. False if there was nothing to do. Called by the loop's thread, or by a test that drives it.</summary>
    internal bool Pump()
    {
        Volatile.Write(ref _wakePending, 0);
        bool worked = false;
        while (_errands.Reader.TryRead(out Action? errand))
        {
            errand();
            worked = true;
        }

        for (int i = 0; i < MaxMessagesPerPass && _inbox.Reader.TryRead(out Message? message); i++)
        {
            _core.Step(message);
            worked = true;
        }

        for (int due = Interlocked.Exchange(ref _ticksDue, 0); due > 0; due--)
        {
            _tickCount++;
            _core.Tick();
            AfterTick();
            worked = true;
        }

        worked |= TakeProposals();
        worked |= TakeReads();
        if (_core.HasReady)
        {
            Handle(_core.Ready());
            worked = true;
        }

        if (worked)
        {
            ForgetRefusedSnapshot();
            SnapshotIfDue();
            Publish();
        }

        return worked;
    }

    private void Handle(Ready ready)
    {
        Send(ready.Messages);
        Persist(ready);
        Send(ready.MessagesAfterPersist);
        if (ready.Snapshot is { } snapshot)
        {
            Install(snapshot);
        }

        Apply(ready.Committed);
        _core.Advance(ready);
        if (_unsent.Count > 0 && !ready.Committed.IsEmpty)
        {
            SubmitUnsent(); // there is room again
        }

        foreach (ReadState read in ready.ReadStates)
        {
            Confirmed(read);
        }

        ServeReads();
    }

    private void Persist(Ready ready)
    {
        if (ready.Snapshot is { } snapshot)
        {
            _wal.MarkSnapshot(snapshot.Index, snapshot.Term);
        }

        _wal.Append(ready.Entries.AsSpan());
        if (ready.HardState is { } state)
        {
            _wal.Append(state);
        }

        if (ready.MustSync)
        {
            long started = _time.GetTimestamp();
            _wal.Sync();
            RaftMetrics.SyncDuration.Record(_time.GetElapsedTime(started).TotalSeconds);
        }
    }

    private void Apply(ImmutableArray<Entry> committed)
    {
        foreach (ref readonly Entry entry in committed.AsSpan())
        {
            Invariant.Holds(entry.Index == _appliedIndex + 1);
            _bytesSinceSnapshot += entry.Data.Length;
            if (entry.Kind == EntryKind.Membership)
            {
                ApplyMembership(entry);
            }
            else if (!entry.Data.IsEmpty)
            {
                ApplyProposal(entry);
            }

            _appliedIndex = entry.Index;
            _appliedTerm = entry.Term;
        }
    }

    private void ApplyProposal(in Entry entry)
    {
        Invariant.Holds(entry.Data.Length >= ProposalId.Size);
        ProposalId id = ProposalId.Read(entry.Data.Span);
        if (!_recent.TryAdd(id))
        {
            FinishUnseen(id); // an earlier copy has been applied
            return;
        }

        Finish(id, new ProposalResult(entry.Index, ApplyData(entry)));
    }

    private object? ApplyData(in Entry entry)
    {
        if (_options.SkippedEntries.Count > 0 && _options.SkippedEntries.Contains(EntryMark.Of(entry)))
        {
            _log.EntrySkipped(EntryMark.Of(entry));
            return null;
        }

        try
        {
            return _stateMachine.Apply(entry.Index, entry.Data[ProposalId.Size..]);
        }
        catch (Exception e)
        {
            throw new EntryNotAppliedException(EntryMark.Of(entry), e); // Stops the node, and says where.
        }
    }

    private void ApplyMembership(in Entry entry)
    {
        MembershipChange change = LogCodec.DecodeMembershipChange(entry.Data);
        if (change.TryApply(_membership, out Membership next, out string? refusal))
        {
            SetMembership(next, entry.Index);
        }
        else
        {
            _log.ChangeRefused(entry.Index, refusal);
        }

        FinishChange(change, refusal);
    }

    private void SetMembership(Membership next, ulong index)
    {
        _membership = next;
        _log.MembersChanged(index, next);
        _transport.MembershipChanged(next);
    }

    private void Send(ImmutableArray<Message> messages)
    {
        if (messages.IsEmpty)
        {
            return;
        }

        foreach (Message message in messages)
        {
            if (message.Kind == MessageKind.Snapshot)
            {
                SendSnapshot(message);
                continue;
            }

            if (!_outgoing.TryGetValue(message.To, out ImmutableArray<Message>.Builder? builder))
            {
                builder = ImmutableArray.CreateBuilder<Message>();
                _outgoing.Add(message.To, builder);
            }

            builder.Add(message);
        }

        foreach ((ulong to, ImmutableArray<Message>.Builder builder) in _outgoing)
        {
            if (builder.Count == 0)
            {
                continue;
            }

            if (FindPeer(to) is { } member)
            {
                _transport.Send(member, builder.ToImmutable());
            }
            else
            {
                _log.UnknownPeer(to, builder.Count);
            }

            builder.Clear();
        }
    }

    /// <summary>A member that joins knows nobody yet except those it was told of.</summary>
    private RaftMember? FindPeer(ulong id) => _membership.Find(id) ?? _knownPeers.Find(id);

    private void AfterTick()
    {
        ExpireProposals();
        ExpireReads();
        ExpireChange();
        ExpireTransfer();
    }

    /// <summary>Shows the outside what has changed.</summary>
    private void Publish()
    {
        RaftStatus before = _status;
        RaftStatus now = _core.Status;
        Volatile.Write(ref _status, now);
        if (before.Role == now.Role && before.Term == now.Term && before.Leader == now.Leader)
        {
            return;
        }

        _log.RoleChanged(_options.Id, now.Role, now.Term, now.Leader);
        if (before.Leader != now.Leader)
        {
            RaftMetrics.LeaderChanges.Add(1);
        }

        foreach (var watcher in _watchers)
        {
            watcher.Writer.TryWrite(now);
        }

        LeaderChanged(now);
    }

    private void Stop(Exception? reason)
    {
        _failure = reason;
        _stopping.Cancel();
        FailEverything(Stopped());
        foreach (var watcher in _watchers)
        {
            watcher.Writer.TryComplete();
        }
    }
}
