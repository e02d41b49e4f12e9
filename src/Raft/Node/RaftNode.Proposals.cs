using System.Threading.Channels;

namespace Skep.Raft;

/// <content>Proposals: carried until applied here, whoever leads meanwhile.</content>
public sealed partial class RaftNode
{
    private const int MaxProposalsPerPass = 2048;
    private readonly Channel<PendingProposal> _proposals;
    private readonly Dictionary<ProposalId, PendingProposal> _pending = [];

    /// <summary>In order of their limits, which is the order they came in.</summary>
    private readonly Queue<PendingProposal> _pendingByAge = new();

    /// <summary>Not accepted by the core yet, or not again since the leader changed.</summary>
    private readonly Queue<PendingProposal> _unsent = new();

    private uint _counter;
    private long _noLeaderSince = -1;

    /// <summary>Proposes an entry and returns when it has been applied on this member, exactly once.</summary>
    /// <exception cref="RaftUnavailableException">Not within the limit, or the result is not known here. It may still take effect.</exception>
    public ValueTask<ProposalResult> ProposeAsync(ReadOnlyMemory<byte> data, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfStopped();
        PendingProposal proposal = new(data.Span, _time.GetTimestamp(), Continuations);
        RaftMetrics.Proposals.Add(1);
        if (!ct.CanBeCanceled && _proposals.Writer.TryWrite(proposal))
        {
            Wake();
            return new ValueTask<ProposalResult>(proposal.Task);
        }

        return SlowAsync(proposal, ct);
    }

    private async ValueTask<ProposalResult> SlowAsync(PendingProposal proposal, CancellationToken ct)
    {
        if (!_proposals.Writer.TryWrite(proposal))
        {
            await EnqueueAsync(_proposals, proposal, ct);
        }

        Wake();
        return await UntilStoppedAsync(proposal, ct);
    }

    private bool TakeProposals()
    {
        bool worked = false;
        for (int i = 0; i < MaxProposalsPerPass && _pending.Count < _options.MaxProposalsInFlight && _proposals.Reader.TryRead(out PendingProposal? proposal); i++)
        {
            worked = true;
            proposal.Name(NextId(), _appliedIndex);
            _pending.Add(proposal.Id, proposal);
            _pendingByAge.Enqueue(proposal);
            Submit(proposal);
        }

        return worked;
    }

    private ProposalId NextId() => new(_options.Id, _boot, _counter++);

    private void Submit(PendingProposal proposal)
    {
        if (_appliedIndex - proposal.FirstIndex > RecentProposals.Capacity / 2)
        {
            // So far behind its first try that duplicates of it may no longer be recognised.
            Remove(proposal, new RaftUnavailableException("the group moved on too far to repeat the proposal safely; it may or may not have taken effect"));
            return;
        }

        proposal.SentTick = _tickCount;
        proposal.Tries++; // each one waits longer: a slow leader must not be given everything twice
        proposal.Waits = _core.Propose(proposal.Framed) != ProposeOutcome.Accepted;
        if (proposal.Waits)
        {
            _unsent.Enqueue(proposal);
        }
    }

    private void SubmitUnsent()
    {
        for (int count = _unsent.Count; count > 0; count--)
        {
            PendingProposal proposal = _unsent.Dequeue();
            if (!_pending.ContainsKey(proposal.Id))
            {
                continue;
            }

            Submit(proposal);
            if (proposal.Waits)
            {
                return; // what stopped this one stops the others
            }
        }
    }

    private void LeaderChanged(RaftStatus now)
    {
        _noLeaderSince = now.Leader == 0 ? _time.GetTimestamp() : -1;
        LeaderChangedForTransfer(now);
        if (now.Leader == 0)
        {
            return;
        }

        // Whatever went to another leader, or another term of this one, may be lost. Duplicates are skipped when applied.
        foreach (PendingProposal proposal in _pending.Values)
        {
            if (!proposal.Waits)
            {
                proposal.Waits = true;
                _unsent.Enqueue(proposal);
            }
        }

        SubmitUnsent();
        RepeatReads();
        RepeatChange();
        Wake();
    }

    private void ExpireProposals()
    {
        while (_pendingByAge.TryPeek(out PendingProposal? oldest) && (oldest.Task.IsCompleted || _time.GetElapsedTime(oldest.Started) >= _options.RequestLimit))
        {
            _pendingByAge.Dequeue();
            if (!oldest.Task.IsCompleted || oldest.Task.IsCanceled)
            {
                Remove(oldest, TimedOut("the proposal"));
            }
        }

        if (_unsent.Count > 0)
        {
            SubmitUnsent();
        }

        // What was sent on to a leader may have been lost or refused on the way, unnoticed.
        if (_status.Role != RaftRole.Leader && _tickCount % _options.ElectionTicks == 0)
        {
            foreach (PendingProposal proposal in _pending.Values)
            {
                if (!proposal.Waits && _tickCount - proposal.SentTick >= (long)_options.ElectionTicks << Math.Min(proposal.Tries, 2))
                {
                    proposal.Waits = true;
                    _unsent.Enqueue(proposal);
                }
            }
        }
    }

    private RaftUnavailableException TimedOut(string what)
    {
        RaftStatus now = _core.Status;
        int others = now.Membership.Voters.Count(v => v.Id != now.Id);
        int answering = now.Peers.Count(p => p.Id != now.Id && p.IsVoter && p.RecentlyActive);
        string why = now.Leader == 0
            ? $"no leader for {Seconds(_noLeaderSince < 0 ? _options.RequestLimit : _time.GetElapsedTime(_noLeaderSince))}"
            : now.Role == RaftRole.Leader
                ? $"no quorum confirmed it for {Seconds(_options.RequestLimit)} (this node leads, {answering} of {others} other voters answer)"
                : $"leader {now.Membership.Find(now.Leader)?.NodeId ?? now.Leader.ToString("x")} did not confirm it for {Seconds(_options.RequestLimit)}";
        return new RaftUnavailableException($"{what} was not done in time: {why}");
    }

    private static string Seconds(TimeSpan span) => $"{span.TotalSeconds:0.#} s";

    private void Finish(ProposalId id, ProposalResult result)
    {
        if (id.Member == _options.Id && _pending.Remove(id, out PendingProposal? proposal))
        {
            proposal.TrySetResult(result);
            RaftMetrics.CommitDuration.Record(_time.GetElapsedTime(proposal.Started).TotalSeconds);
        }
    }

    /// <summary>Applied, but not by this state machine's Apply: the value it returned exists elsewhere only.</summary>
    private void FinishUnseen(ProposalId id)
    {
        if (id.Member == _options.Id && _pending.TryGetValue(id, out PendingProposal? proposal))
        {
            Remove(proposal, new RaftUnavailableException("the proposal took effect, but reached this node inside a snapshot: its result is not known here"));
        }
    }

    private void Remove(PendingProposal proposal, Exception reason)
    {
        _pending.Remove(proposal.Id);
        proposal.TrySetException(reason);
    }

    private void FailEverything(Exception reason)
    {
        _proposals.Writer.TryComplete();
        _reads.Writer.TryComplete();
        _errands.Writer.TryComplete();
        foreach (PendingProposal proposal in _pending.Values)
        {
            proposal.TrySetException(reason);
        }

        _pending.Clear();
        while (_proposals.Reader.TryRead(out PendingProposal? proposal))
        {
            proposal.TrySetException(reason);
        }

        FailReads(reason);
        FailChanges(reason);
    }

    private sealed class PendingProposal : TaskCompletionSource<ProposalResult>
    {
        private readonly byte[] _framed;

        public PendingProposal(ReadOnlySpan<byte> data, long started, TaskCreationOptions continuations)
            : base(continuations)
        {
            _framed = new byte[ProposalId.Size + data.Length];
            data.CopyTo(_framed.AsSpan(ProposalId.Size));
            Started = started;
        }

        public ReadOnlyMemory<byte> Framed => _framed;

        public long Started { get; }

        public ProposalId Id { get; private set; }

        /// <summary>What was applied when it was proposed first.</summary>
        public ulong FirstIndex { get; private set; }

        public long SentTick { get; set; }

        public int Tries { get; set; }

        /// <summary>Stands in the queue of those to be submitted.</summary>
        public bool Waits { get; set; }

        public void Name(ProposalId id, ulong applied)
        {
            Id = id;
            FirstIndex = applied;
            id.Write(_framed);
        }
    }
}
