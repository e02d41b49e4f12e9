namespace Skep.Raft;

/// <content>Changes of the membership and hand-over of leadership.</content>
public sealed partial class RaftNode
{
    private readonly Queue<PendingChange> _changes = new();
    private PendingTransfer? _transfer;

    /// <summary>Changes one member and returns when the change is applied here. On a follower it is sent on to the leader.</summary>
    /// <exception cref="MembershipRefusedException">It does not fit the members in force, or would leave them without a quorum that answers.</exception>
    /// <exception cref="RaftUnavailableException">Not within the limit; on a follower also if the leader refused it.</exception>
    public async Task ChangeMembershipAsync(MembershipChange change, CancellationToken ct)
    {
        PendingChange waiting = new(change, _time.GetTimestamp(), Continuations);
        await ErrandAsync(
            () =>
            {
                waiting.Name(NextId());
                _changes.Enqueue(waiting);
                if (_changes.Count == 1)
                {
                    Submit(waiting);
                }
            },
            ct);
        await UntilStoppedAsync(waiting, ct);
    }

    /// <summary>Hands leadership over and returns when someone else leads. Only the leader can.</summary>
    /// <param name="to">The successor; 0 for the voter that is furthest.</param>
    /// <exception cref="MembershipRefusedException">This node does not lead, or there is no such voter.</exception>
    /// <exception cref="RaftUnavailableException">The successor did not take over in time; this node still leads.</exception>
    public async Task TransferLeadershipAsync(ulong to, CancellationToken ct)
    {
        PendingTransfer waiting = new(Continuations);
        await ErrandAsync(() => BeginTransfer(waiting, to), ct);
        await UntilStoppedAsync(waiting, ct);
    }

    private void Submit(PendingChange waiting)
    {
        waiting.SentTick = _tickCount;
        ProposeOutcome outcome = _core.ProposeMembership(waiting.Change);
        waiting.Sent = outcome == ProposeOutcome.Accepted;
        if (outcome == ProposeOutcome.Refused)
        {
            waiting.Change.TryApply(_membership, out _, out string? refusal);
            waiting.TrySetException(new MembershipRefusedException(refusal ?? _core.RiskOf(waiting.Change) ?? "the change does not fit the membership"));
            NextChange();
        }
    }

    private void FinishChange(MembershipChange applied, string? refusal)
    {
        if (!_changes.TryPeek(out PendingChange? waiting) || !waiting.Is(applied))
        {
            return;
        }

        if (refusal is null)
        {
            waiting.TrySetResult(true);
        }
        else
        {
            waiting.TrySetException(new MembershipRefusedException(refusal));
        }

        NextChange();
    }

    /// <summary>One at a time; the next is submitted with the next tick, when the core has taken this one in.</summary>
    private void NextChange() => _changes.TryDequeue(out _);

    private void RepeatChange()
    {
        if (_changes.TryPeek(out PendingChange? waiting))
        {
            Submit(waiting);
        }
    }

    private void ExpireChange()
    {
        while (_changes.TryPeek(out PendingChange? waiting))
        {
            if (!waiting.Task.IsCompleted && _time.GetElapsedTime(waiting.Started) < _options.RequestLimit)
            {
                bool mayBeLost = _status.Role != RaftRole.Leader && _tickCount - waiting.SentTick >= 2 * _options.ElectionTicks;
                if (!waiting.Sent || mayBeLost)
                {
                    Submit(waiting);
                }

                return;
            }

            waiting.TrySetException(waiting.Change.TryApply(_membership, out _, out string? refusal)
                ? TimedOut("the membership change")
                : new MembershipRefusedException(refusal));
            NextChange();
        }
    }

    private void BeginTransfer(PendingTransfer waiting, ulong to)
    {
        RaftStatus now = _core.Status;
        PeerStatus? successor = now.Peers
            .Where(p => p.IsVoter && p.Id != _options.Id && (to == 0 ? p.RecentlyActive : p.Id == to))
            .OrderByDescending(p => p.Match)
            .FirstOrDefault();
        string? refusal = now.Role != RaftRole.Leader ? "only the leader can hand over leadership"
            : successor is null ? (to == 0 ? "no other voter answers" : $"{to:x} is not another voter")
            : _transfer is not null || _core.TransferLeadership(successor.Id) != ProposeOutcome.Accepted ? "leadership is being handed over already"
            : null;
        if (refusal is not null)
        {
            waiting.TrySetException(new MembershipRefusedException(refusal));
            return;
        }

        waiting.Deadline = _tickCount + (2 * _options.ElectionTicks);
        _transfer = waiting;
    }

    private void LeaderChangedForTransfer(RaftStatus now)
    {
        if (now.Leader != 0 && now.Leader != _options.Id)
        {
            _transfer?.TrySetResult(true);
            _transfer = null;
        }
    }

    private void ExpireTransfer()
    {
        if (_transfer is { } waiting && _tickCount >= waiting.Deadline)
        {
            waiting.TrySetException(new RaftUnavailableException($"nobody took over leadership within {2 * _options.ElectionTicks} ticks"));
            _transfer = null;
        }
    }

    private void FailChanges(Exception reason)
    {
        foreach (PendingChange change in _changes)
        {
            change.TrySetException(reason);
        }

        _transfer?.TrySetException(reason);
    }

    private sealed class PendingChange(MembershipChange wanted, long started, TaskCreationOptions continuations) : TaskCompletionSource<bool>(continuations)
    {
        private byte[] _context = [];

        public MembershipChange Change { get; private set; } = wanted;

        public long Started { get; } = started;

        public long SentTick { get; set; }

        public bool Sent { get; set; }

        /// <summary>Puts the id before the proposer's own context, to know the change again.</summary>
        public void Name(ProposalId id)
        {
            _context = new byte[ProposalId.Size + Change.Context.Length];
            id.Write(_context);
            Change.Context.Span.CopyTo(_context.AsSpan(ProposalId.Size));
            Change = Change with { Context = _context };
        }

        public bool Is(MembershipChange applied) => applied.Context.Span.SequenceEqual(_context);
    }

    private sealed class PendingTransfer(TaskCreationOptions continuations) : TaskCompletionSource<bool>(continuations)
    {
        public long Deadline { get; set; }
    }
}
