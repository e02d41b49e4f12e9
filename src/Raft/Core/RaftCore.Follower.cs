namespace Skep.Raft;

/// <summary>Listening to a leader, and answering candidates.</summary>
public sealed partial class RaftCore
{
    private void StepFromLeader(Message message)
    {
        // Two leaders in one term would mean that a quorum voted twice.
        Invariant.Holds(_role != RaftRole.Leader);
        // The election of this term is over, whoever we hoped would win.
        if (_role != RaftRole.Follower)
        {
            BecomeFollower(message.Term, message.From);
        }

        Invariant.Holds(_leader == 0 || _leader == message.From);
        _electionElapsed = 0;
        _leader = message.From;
        switch (message.Kind)
        {
            case MessageKind.Append:
                HandleAppend(message);
                break;
            case MessageKind.Snapshot:
                HandleSnapshot(message);
                break;
            default:
                // The leader never names a commit index here beyond what it knows us to hold.
                _log.CommitTo(message.Commit);
                Send(new Message(MessageKind.HeartbeatResponse, _options.Id, message.From, _term) { Context = message.Context });
                break;
        }
    }

    private void HandleAppend(Message message)
    {
        Message answer = new(MessageKind.AppendResponse, _options.Id, message.From, _term);
        if (message.Index < _log.Commit)
        {
            // An old message, or a leader that knows little about us: everything committed is the same here and there.
            Send(answer with { Index = _log.Commit });
            return;
        }
        if (!_log.TryAppend(message.Index, message.LogTerm, message.Entries))
        {
            // Hint at the last place where the logs could possibly meet: an entry of ours with a term above LogTerm cannot be in the leader's
            // log at or before Index, so whole terms are skipped at once (thesis §3.5).
            (ulong hint, ulong hintTerm) = _log.FindMeetingPoint(Math.Min(message.Index, _log.LastIndex), message.LogTerm);
            Send(answer with { Index = message.Index, Reject = true, RejectHint = hint, LogTerm = hintTerm });
            return;
        }
        // Only what this message vouches for is known to be the leader's; our log may go on with leftovers of another term.
        ulong lastNew = message.Index + (ulong)message.Entries.Length;
        _log.CommitTo(Math.Min(message.Commit, lastNew));
        Send(answer with { Index = lastNew });
    }

    private void HandleSnapshot(Message message)
    {
        SnapshotMeta meta = message.Snapshot!;
        Message answer = new(MessageKind.AppendResponse, _options.Id, message.From, _term);
        if (meta.Index > _log.Commit && _log.Matches(meta.Index, meta.Term))
        {
            // Our log contains it all; throwing away what follows it could lose acknowledged entries.
            _log.CommitTo(meta.Index);
        }
        else if (meta.Index > _log.Commit)
        {
            _log.Restore(meta);
            Adopt(meta.Membership);
            _membershipIndex = meta.Index;
        }
        Send(answer with { Index = _log.Commit });
    }

    private void StepVoteRequest(Message message)
    {
        bool isQuestion = message.Kind == MessageKind.PreVote;
        // A vote once given stays given; a question about a future term binds nobody.
        bool free = _vote == message.From || (_vote == 0 && _leader == 0) || (isQuestion && message.Term > _term);
        free |= _options.Bugs.HasFlag(InjectedBugs.VoteTwiceInATerm) && _role != RaftRole.Leader;
        bool covered = _log.IsCoveredBy(message.Index, message.LogTerm) || _options.Bugs.HasFlag(InjectedBugs.IgnoreLogWhenVoting);
        MessageKind kind = isQuestion ? MessageKind.PreVoteResponse : MessageKind.VoteResponse;
        if (!free || !covered)
        {
            Send(new Message(kind, _options.Id, message.From, _term) { Reject = true });
            return;
        }
        // Yes carries the term that was asked about (a question's lies ahead of ours), no carries ours.
        Send(new Message(kind, _options.Id, message.From, message.Term));
        if (isQuestion)
        {
            return;
        }

        _electionElapsed = 0;
        _vote = message.From;
    }
}
