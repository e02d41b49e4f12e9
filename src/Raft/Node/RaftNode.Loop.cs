using System.Collections.Immutable;
using Skep.Raft.Codec;

namespace Skep.Raft;

/// <content>The loop: gather, decide, write, tell, apply.</content>
public sealed partial class RaftNode
{
    /// <summary>After a stall the clock does not catch up: a burst of ticks would look like silence of the others.</summary>
    private const int MaxTicksDue = 3;

    private const int MaxMessagesPerPass = 4096;
    private readonly Dictionary<ulong, ImmutableArray<Message>.Builder> outgoing = [];
    private ulong appliedIndex;
    private ulong appliedTerm;
    private long tickCount;

    /// <summary>The members with everything applied taken in; the core's is the same after Advance.</summary>
    private Membership membership;

    private void RunLoop()
    {
        try
        {
            using ITimer timer = time.CreateTimer(static node => ((RaftNode)node!).TickDue(), this, options.TickInterval, options.TickInterval);
            while (!stopped.IsCancellationRequested)
            {
                if (!Pump())
                {
                    wake.WaitOne();
                }
            }

            Stop(null);
            ended.TrySetResult();
        }
        catch (Exception e)
        {
            // The supervisor: whatever it was, this member must not go on with a disk or a state it cannot vouch for.
            log.Failed(e, options.Id);
            Stop(e);
            ended.TrySetException(e);
        }
    }

    /// <summary>One tick of the clock has passed.</summary>
    internal void TickDue()
    {
        if (Volatile.Read(ref ticksDue) < MaxTicksDue)
        {
            Interlocked.Increment(ref ticksDue);
            Wake();
        }
    }

    /// <summary>No tick waits to be taken in: who drives the clock may let it go on without outrunning this node.</summary>
    internal bool HasTakenTicks => Volatile.Read(ref ticksDue) == 0 || ended.Task.IsCompleted;

    /// <summary>One turn of the loop. False if there was nothing to do. Called by the loop's thread, or by a test that drives it.</summary>
    internal bool Pump()
    {
        Volatile.Write(ref wakePending, 0);
        bool worked = false;
        while (errands.Reader.TryRead(out Action? errand))
        {
            errand();
            worked = true;
        }

        for (int i = 0; i < MaxMessagesPerPass && inbox.Reader.TryRead(out Message? message); i++)
        {
            core.Step(message);
            worked = true;
        }

        for (int due = Interlocked.Exchange(ref ticksDue, 0); due > 0; due--)
        {
            tickCount++;
            core.Tick();
            AfterTick();
            worked = true;
        }

        worked |= TakeProposals();
        worked |= TakeReads();
        if (core.HasReady)
        {
            Handle(core.Ready());
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
        core.Advance(ready);
        if (unsent.Count > 0 && !ready.Committed.IsEmpty)
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
            wal.MarkSnapshot(snapshot.Index, snapshot.Term);
        }

        wal.Append(ready.Entries.AsSpan());
        if (ready.HardState is { } state)
        {
            wal.Append(state);
        }

        if (ready.MustSync)
        {
            long started = time.GetTimestamp();
            wal.Sync();
            RaftMetrics.SyncDuration.Record(time.GetElapsedTime(started).TotalSeconds);
        }
    }

    private void Apply(ImmutableArray<Entry> committed)
    {
        foreach (ref readonly Entry entry in committed.AsSpan())
        {
            Invariant.Holds(entry.Index == appliedIndex + 1);
            bytesSinceSnapshot += entry.Data.Length;
            if (entry.Kind == EntryKind.Membership)
            {
                ApplyMembership(entry);
            }
            else if (!entry.Data.IsEmpty)
            {
                ApplyProposal(entry);
            }

            appliedIndex = entry.Index;
            appliedTerm = entry.Term;
        }
    }

    private void ApplyProposal(in Entry entry)
    {
        Invariant.Holds(entry.Data.Length >= ProposalId.Size);
        ProposalId id = ProposalId.Read(entry.Data.Span);
        if (!recent.TryAdd(id))
        {
            FinishUnseen(id); // an earlier copy has been applied
            return;
        }

        object? value = stateMachine.Apply(entry.Index, entry.Data[ProposalId.Size..]);
        Finish(id, new ProposalResult(entry.Index, value));
    }

    private void ApplyMembership(in Entry entry)
    {
        MembershipChange change = LogCodec.DecodeMembershipChange(entry.Data);
        if (change.TryApply(membership, out Membership next, out string? refusal))
        {
            SetMembership(next, entry.Index);
        }
        else
        {
            log.ChangeRefused(entry.Index, refusal);
        }

        FinishChange(change, refusal);
    }

    private void SetMembership(Membership next, ulong index)
    {
        membership = next;
        log.MembersChanged(index, next);
        transport.MembershipChanged(next);
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

            if (!outgoing.TryGetValue(message.To, out ImmutableArray<Message>.Builder? builder))
            {
                builder = ImmutableArray.CreateBuilder<Message>();
                outgoing.Add(message.To, builder);
            }

            builder.Add(message);
        }

        foreach ((ulong to, ImmutableArray<Message>.Builder builder) in outgoing)
        {
            if (builder.Count == 0)
            {
                continue;
            }

            if (FindPeer(to) is { } member)
            {
                transport.Send(member, builder.ToImmutable());
            }
            else
            {
                log.UnknownPeer(to, builder.Count);
            }

            builder.Clear();
        }
    }

    /// <summary>A member that joins knows nobody yet except those it was told of.</summary>
    private RaftMember? FindPeer(ulong id) => membership.Find(id) ?? options.KnownPeers.FirstOrDefault(m => m.Id == id);

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
        RaftStatus before = status;
        RaftStatus now = core.Status;
        Volatile.Write(ref status, now);
        if (before.Role == now.Role && before.Term == now.Term && before.Leader == now.Leader)
        {
            return;
        }

        log.RoleChanged(options.Id, now.Role, now.Term, now.Leader);
        if (before.Leader != now.Leader)
        {
            RaftMetrics.LeaderChanges.Add(1);
        }

        foreach (var watcher in watchers)
        {
            watcher.Writer.TryWrite(now);
        }

        LeaderChanged(now);
    }

    private void Stop(Exception? reason)
    {
        failure = reason;
        stopping.Cancel();
        FailEverything(Stopped());
        foreach (var watcher in watchers)
        {
            watcher.Writer.TryComplete();
        }
    }
}
