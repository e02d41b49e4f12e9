namespace Skep.Raft;

/// <summary>Campaigning (thesis §3.4), after asking first (§9.6).</summary>
public sealed partial class RaftCore
{
    /// <summary>Who answered, and how. Answers of members that were removed since do not count.</summary>
    private readonly SortedDictionary<ulong, bool> _votes = [];

    private enum CampaignKind
    {
        /// <summary>Would you vote for me? Changes nobody's term.</summary>
        PreVote,
        Election,

        /// <summary>The leader told us to: an election at once that ignores leases (thesis §3.10).</summary>
        Transfer,
    }

    private void Campaign(CampaignKind kind)
    {
        // With a committed change not yet in force we might count the quorum of a membership that is two changes old. A member that
        // holds change n+1 knows that change n is committed (the append said so), hence this check suffices. Source: etcd-io/raft:raft.go, hup.
        if (_role == RaftRole.Leader || HasUnappliedMembership())
        {
            return;
        }

        if (kind == CampaignKind.PreVote)
        {
            _role = RaftRole.PreCandidate;
            _leader = 0;
            _votes.Clear();
        }
        else
        {
            Reset(_term + 1);
            _role = RaftRole.Candidate;
            _vote = _options.Id;
        }
        Message request = new(kind == CampaignKind.PreVote ? MessageKind.PreVote : MessageKind.Vote, _options.Id, 0, 0)
        {
            Term = kind == CampaignKind.PreVote ? _term + 1 : _term,
            Index = _log.LastIndex,
            LogTerm = _log.LastTerm,
            Context = kind == CampaignKind.Transfer ? TransferMark : default(ReadOnlyMemory<byte>),
        };
        foreach (RaftMember peer in _membership.Voters)
        {
            if (peer.Id != _options.Id)
            {
                Send(request with { To = peer.Id });
            }
        }
        // A question needs no disk. The real vote for ourselves counts once it is written: see CountOwnVote.
        if (kind == CampaignKind.PreVote)
        {
            CountVote(_options.Id, granted: true);
        }
    }

    private void StepVoteResponse(Message message)
    {
        bool asked = message.Kind == MessageKind.PreVoteResponse ? _role == RaftRole.PreCandidate : _role == RaftRole.Candidate;
        // A yes to the question about an earlier term came too late.
        if (message is { Kind: MessageKind.PreVoteResponse, Reject: false } && message.Term != _term + 1)
        {
            asked = false;
        }

        if (asked)
        {
            CountVote(message.From, !message.Reject);
        }
    }

    private void CountVote(ulong from, bool granted)
    {
        _votes.TryAdd(from, granted);
        int yes = _membership.Voters.Count(m => _votes.TryGetValue(m.Id, out bool vote) && vote);
        int no = _membership.Voters.Count(m => _votes.TryGetValue(m.Id, out bool vote) && !vote);
        if (yes >= Quorum)
        {
            if (_role == RaftRole.PreCandidate)
            {
                Campaign(CampaignKind.Election);
            }
            else
            {
                BecomeLeader();
            }
        }
        else if (_voters - no < Quorum)
        {
            BecomeFollower(_term, leader: 0);
        }
    }

    private void CountOwnVote()
    {
        if (_role == RaftRole.Candidate && _persistedState.Term == _term && _persistedState.Vote == _options.Id && !_votes.ContainsKey(_options.Id))
        {
            CountVote(_options.Id, granted: true);
        }
    }

    private bool HasUnappliedMembership()
    {
        for (ulong index = _log.Applied + 1; index <= _log.Commit; index++)
        {
            if (index >= _log.FirstIndex && _log[index].Kind == EntryKind.Membership)
            {
                return true;
            }
        }

        return false;
    }
}
