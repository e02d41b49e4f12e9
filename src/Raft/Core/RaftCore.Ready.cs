using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>What goes out, and how the shell's reports come back in.</summary>
public sealed partial class RaftCore
{
    private readonly List<Message> _messages = [];
    private readonly List<Message> _messagesAfterPersist = [];
    private readonly List<ReadState> _readStates = [];

    private Ready? _outstanding;

    /// <summary>What the last Ready said, so that the next one says only what changed.</summary>
    private HardState _handedState;
    private ulong _handedLeader;
    private RaftRole _handedRole;

    /// <summary>What is known to be on disk; a candidate may count its own vote only from then on.</summary>
    private HardState _persistedState;

    public bool HasReady =>
        _outstanding is null
        && (_messages.Count > 0 || _messagesAfterPersist.Count > 0 || _readStates.Count > 0
            || _appendWanted || _readRoundWanted
            || _log.Pending is not null || _log.Persisted < _log.LastIndex || _log.Applied < _log.Applicable
            || _handedState != CurrentHardState || _handedLeader != _leader || _handedRole != Role);

    /// <summary>Takes what is to be done. Call <see cref="Advance"/> with it before the next call; Step, Tick and proposals may come between.</summary>
    public Ready Ready()
    {
        Invariant.Holds(_outstanding is null);
        FlushBroadcasts();
        ImmutableArray<Entry> entries = _log.Slice(_log.Persisted + 1, _log.LastIndex);
        HardState state = CurrentHardState;
        Ready ready = new()
        {
            SoftStateChanged = _handedLeader != _leader || _handedRole != Role,
            Leader = _leader,
            Role = Role,
            HardState = state == _handedState ? null : state,
            // Losing a newer commit index does no harm: it is learnt again from the leader.
            MustSync = entries.Length > 0 || _log.Pending is not null || state.Term != _handedState.Term || state.Vote != _handedState.Vote,
            Snapshot = _log.Pending,
            Entries = entries,
            Messages = Drain(_messages),
            MessagesAfterPersist = Drain(_messagesAfterPersist),
            Committed = _log.Slice(_log.Applied + 1, _log.Applicable, _options.MaxCommittedBytesPerReady),
            ReadStates = Drain(_readStates),
        };
        (_handedState, _handedLeader, _handedRole) = (state, _leader, Role);
        return _outstanding = ready;
    }

    /// <summary>Everything in <paramref name="ready"/> is done: written, synced, sent, restored, applied.</summary>
    public void Advance(Ready ready)
    {
        Invariant.Holds(ReferenceEquals(ready, _outstanding));
        _outstanding = null;
        if (ready.HardState is { } state)
        {
            _persistedState = state;
        }

        if (ready.Entries is [.., var last])
        {
            _log.PersistedTo(last.Index, last.Term);
        }

        if (ready.Snapshot is { } snapshot)
        {
            _log.Installed(snapshot);
        }

        if (ready.Committed is [.., var newest])
        {
            _log.AppliedTo(newest.Index);
            ForgetUncommittedBytes(ready.Committed);
            TakeInMembership(ready.Committed);
        }
        CountOwnVote();
        CountOwnEntries();
    }

    /// <summary>Promises wait for the disk; a leader's appends, and what promises nothing, need not (thesis §10.2.1).</summary>
    private void Send(Message message)
    {
        bool promises = message.Kind is MessageKind.AppendResponse
            or MessageKind.VoteResponse or MessageKind.PreVoteResponse or MessageKind.Vote or MessageKind.PreVote;
        (promises ? _messagesAfterPersist : _messages).Add(message);
    }

    private static ImmutableArray<T> Drain<T>(List<T> items)
    {
        ImmutableArray<T> drained = [.. items];
        items.Clear();
        return drained;
    }
}
