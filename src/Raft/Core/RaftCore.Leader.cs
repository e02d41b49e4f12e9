using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>Leading: taking proposals, feeding followers, committing.</summary>
public sealed partial class RaftCore
{
    // A list: it is walked for every Ready, and changes with the membership.
    private readonly SortedList<ulong, Progress> _progress = [];
    private int _heartbeatElapsed;
    private ulong _transferTo;

    /// <summary>Index of the newest membership entry that may not be applied yet; none is accepted before it is.</summary>
    private ulong _pendingChangeIndex;

    private long _uncommittedBytes;

    /// <summary>Proposals and commits since the last Ready go out together, one message per follower.</summary>
    private bool _appendWanted;

    /// <summary>The peer could not be reached: stop streaming, ask where it stands.</summary>
    public void ReportUnreachable(ulong id)
    {
        if (_role == RaftRole.Leader && _progress.TryGetValue(id, out Progress? progress) && progress.State == ReplicationState.Replicate)
        {
            progress.BecomeProbe();
        }
    }

    /// <summary>The snapshot sent to this peer has arrived whole, or not. Must follow every Snapshot message.</summary>
    public void ReportSnapshot(ulong id, bool ok)
    {
        if (_role == RaftRole.Leader && _progress.TryGetValue(id, out Progress? progress) && progress.State == ReplicationState.Snapshot)
        {
            progress.SnapshotDone(ok);
        }
    }

    /// <summary>Hands leadership to a voter that is brought up to date first. Proposals are dropped meanwhile; given up after one election timeout.</summary>
    /// <remarks>Source: thesis §3.10. Only the leader can; <see cref="ProposeOutcome.Refused"/> for a target that is no other voter.</remarks>
    public ProposeOutcome TransferLeadership(ulong to)
    {
        if (_role != RaftRole.Leader)
        {
            return ProposeOutcome.NoLeader;
        }

        if (to == _options.Id || !_progress.TryGetValue(to, out Progress? progress) || !progress.IsVoter)
        {
            return ProposeOutcome.Refused;
        }

        if (_transferTo == to)
        {
            return ProposeOutcome.Accepted;
        }

        _transferTo = to;
        _electionElapsed = 0;
        if (progress.Match == _log.LastIndex)
        {
            SendTimeoutNow(to);
        }
        else
        {
            TrySendAppend(to, progress, evenIfEmpty: true);
        }

        return ProposeOutcome.Accepted;
    }

    private void BecomeLeader()
    {
        Invariant.Holds(_role == RaftRole.Candidate);
        Reset(_term);
        _role = RaftRole.Leader;
        _leader = _options.Id;
        foreach (RaftMember member in _membership.Members)
        {
            // When an earlier leader added it is not known here; before the first entry of this term at the latest.
            _progress.Add(member.Id, new Progress(_log.LastIndex + 1, _options.MaxInflightMessages, member.IsVoter, since: _log.LastIndex + 1));
        }

        Progress own = _progress[_options.Id];
        own.Hear();
        // Any entry we inherit may be a membership change that is not in force yet; looking would not tell us whether it is committed.
        _pendingChangeIndex = _log.LastIndex;
        // Entries of earlier terms commit only together with one of ours, so there must be one (thesis §3.6.2, §6.4).
        _log.Append(new Entry(_term, _log.LastIndex + 1, EntryKind.Normal, default));
        _appendWanted = true;
        CountOwnEntries();
    }

    private void ResetLeadership()
    {
        _progress.Clear();
        _heartbeatElapsed = 0;
        _transferTo = 0;
        _pendingChangeIndex = 0;
        _uncommittedBytes = 0;
        _appendWanted = false;
        ResetReads();
    }

    private void TickLeader()
    {
        _heartbeatElapsed++;
        if (_electionElapsed >= _options.ElectionTicks)
        {
            _electionElapsed = 0;
            // The one who was to take over has not managed to within an election timeout: carry on.
            _transferTo = 0;
            if (_options.CheckQuorum && !HeardQuorum())
            {
                BecomeFollower(_term, leader: 0);
                return;
            }
        }
        if (_heartbeatElapsed < _options.HeartbeatTicks)
        {
            return;
        }

        _heartbeatElapsed = 0;
        BroadcastHeartbeat();
    }

    /// <summary>Whether a quorum was heard of since the last time; a leader without one serves nobody (thesis §6.2).</summary>
    private bool HeardQuorum()
    {
        int active = _progress.Count(p => p.Value.IsVoter && (p.Value.RecentlyActive || p.Key == _options.Id));
        foreach ((ulong id, Progress progress) in _progress)
        {
            progress.BeginSilence(isOwn: id == _options.Id);
        }

        return active >= Quorum;
    }

    private ProposeOutcome AcceptProposal(EntryKind kind, ReadOnlyMemory<byte> data)
    {
        if (_transferTo != 0 || !_progress.ContainsKey(_options.Id))
        {
            return ProposeOutcome.Dropped;
        }

        if (_uncommittedBytes > 0 && _uncommittedBytes + data.Length > _options.MaxUncommittedBytes)
        {
            return ProposeOutcome.Dropped;
        }

        if (kind == EntryKind.Membership)
        {
            // One at a time: the quorums of two memberships that differ by one always overlap, by two not (thesis §4.1).
            if (_pendingChangeIndex > _log.Applied)
            {
                return ProposeOutcome.ChangePending;
            }

            MembershipChange change = Codec.LogCodec.DecodeMembershipChange(data);
            if (!change.TryApply(_membership, out _, out _) || (RiskOf(change) is not null && !_options.Bugs.HasFlag(InjectedBugs.IgnoreQuorumAtRisk)))
            {
                return ProposeOutcome.Refused;
            }

            _pendingChangeIndex = _log.LastIndex + 1;
        }
        _uncommittedBytes += data.Length;
        _log.Append(new Entry(_term, _log.LastIndex + 1, kind, data));
        _appendWanted = true;
        return ProposeOutcome.Accepted;
    }

    /// <summary>Why a change that fits would leave the group without a quorum, as this leader hears its members at this moment; null: it would not, or this member does not lead.</summary>
    /// <remarks>
    /// Votes that are taken away or added by command are counted here, where every change passes, whoever asked for it. Source for the idea: etcd-io/etcd's strict
    /// reconfiguration check. A founder that adds voters at once is its own judge.
    /// </remarks>
    public string? RiskOf(MembershipChange change)
    {
        ulong id = change.Member.Id;
        if (_role != RaftRole.Leader || !_progress.TryGetValue(id, out Progress? concerned))
        {
            return null;
        }

        var now = new QuorumState(_progress.Values.Count(p => p.IsVoter && p.Answers), _voters);
        return change.Kind switch
        {
            MembershipChangeKind.Promote when !concerned.IsVoter => now.ObjectionTo(now.With(concerned.Answers)),
            MembershipChangeKind.Remove when concerned.IsVoter => now.ObjectionTo(now.Without(concerned.Answers)),
            _ => null,
        };
    }

    private void AcceptForwarded(Entry entry)
    {
        try
        {
            if (!entry.Data.IsEmpty)
            {
                AcceptProposal(entry.Kind, entry.Data);
            }
        }
        catch (RaftFormatException)
        {
            return; // A peer's nonsense is not worth our leadership; nothing was appended.
        }
    }

    /// <summary>Once per Ready: whatever has gathered since the last one.</summary>
    private void FlushBroadcasts()
    {
        if (_appendWanted)
        {
            _appendWanted = false;
            foreach ((ulong id, Progress progress) in _progress)
            {
                if (id != _options.Id)
                {
                    TrySendAppend(id, progress, evenIfEmpty: progress.State == ReplicationState.Probe || progress.LacksCommit(_log.Commit));
                }
            }
        }
        if (!_readRoundWanted)
        {
            return;
        }

        _readRoundWanted = false;
        _readRound++;
        BroadcastHeartbeat();
    }

    private void BroadcastHeartbeat()
    {
        ReadOnlyMemory<byte> round = ReadRoundContext();
        foreach ((ulong id, Progress progress) in _progress)
        {
            if (id == _options.Id)
            {
                continue;
            }
            // Naming a commit index beyond Match could make the follower commit leftovers of another term in its place.
            ulong commit = Math.Min(progress.Match, _log.Commit);
            progress.SentHeartbeat(commit);
            Send(new Message(MessageKind.Heartbeat, _options.Id, id, _term) { Commit = commit, Context = round });
        }
    }

    private bool TrySendAppend(ulong to, Progress progress, bool evenIfEmpty)
    {
        if (progress.IsBlocked)
        {
            return false;
        }

        ulong previous = progress.Next - 1;
        if (_log.TermAt(previous) is not { } previousTerm)
        {
            return TrySendSnapshot(to, progress);
        }

        ImmutableArray<Entry> entries = progress is { State: ReplicationState.Replicate, WindowFull: true }
            ? []
            : _log.Slice(progress.Next, _log.LastIndex, _options.MaxEntryBytesPerMessage);
        if (entries.IsEmpty && !evenIfEmpty)
        {
            return false;
        }

        Send(new Message(MessageKind.Append, _options.Id, to, _term)
        {
            Index = previous,
            LogTerm = previousTerm,
            Entries = entries,
            Commit = _log.Commit,
        });
        progress.Sent(entries.Length, _log.Commit);
        return true;
    }

    private bool TrySendSnapshot(ulong to, Progress progress)
    {
        // A snapshot is dear: not for someone who is not there.
        if (!progress.RecentlyActive)
        {
            return false;
        }

        progress.BecomeSnapshot(_log.Snapshot.Index);
        Send(new Message(MessageKind.Snapshot, _options.Id, to, _term) { Snapshot = _log.Snapshot });
        return true;
    }

    private void StepFollowerResponse(Message message, Progress progress)
    {
        progress.Hear();
        if (message.Kind == MessageKind.HeartbeatResponse)
        {
            HandleHeartbeatResponse(message, progress);
        }
        else if (message.Reject)
        {
            HandleRejection(message, progress);
        }
        else
        {
            HandleAcknowledgement(message, progress);
        }
    }

    private void HandleHeartbeatResponse(Message message, Progress progress)
    {
        progress.Resume();
        // It is there but behind: an append or its answer was lost, or the window is full. Even an empty append makes it say where it stands.
        if (progress.Match < _log.LastIndex || progress.State == ReplicationState.Probe)
        {
            TrySendAppend(message.From, progress, evenIfEmpty: true);
        }

        ConfirmReads(message.Context, progress);
    }

    private void HandleRejection(Message message, Progress progress)
    {
        ulong hint = message.RejectHint;
        // The mirror of the follower's skip: entries of ours with a term above the hinted one cannot be in its log at or before the hint.
        if (message.LogTerm > 0)
        {
            (hint, _) = _log.FindMeetingPoint(hint, message.LogTerm);
        }

        if (progress.Rejected(message.Index, hint))
        {
            TrySendAppend(message.From, progress, evenIfEmpty: true);
        }
    }

    private void HandleAcknowledgement(Message message, Progress progress)
    {
        // Nobody can hold entries that we did not send: such a number comes from another group or a broken peer.
        if (message.Index > _log.LastIndex)
        {
            return;
        }

        bool news = progress.Acknowledged(message.Index);
        if (!news && !(progress.Match == message.Index && progress.State == ReplicationState.Probe))
        {
            return;
        }

        switch (progress.State)
        {
            case ReplicationState.Probe:
                progress.BecomeReplicate();
                break;
            // It caught up some other way, and its log reaches ours again: no need to wait for the snapshot's report.
            case ReplicationState.Snapshot when progress.Match + 1 >= _log.FirstIndex:
                progress.BecomeReplicate();
                break;
            case ReplicationState.Snapshot:
                break;
            case ReplicationState.Replicate:
                progress.FreeWindow(message.Index);
                break;
        }
        if (!TryCommit() && progress.LacksCommit(_log.Commit))
        {
            TrySendAppend(message.From, progress, evenIfEmpty: true);
        }

        bool more = true;
        while (more)
        {
            more = TrySendAppend(message.From, progress, evenIfEmpty: false);
        }

        if (message.From == _transferTo && progress.Match == _log.LastIndex)
        {
            SendTimeoutNow(message.From);
        }
    }

    private void SendTimeoutNow(ulong to) => Send(new Message(MessageKind.TimeoutNow, _options.Id, to, _term));

    /// <summary>Our own disk counts like any follower's, no sooner.</summary>
    private void CountOwnEntries()
    {
        if (_role != RaftRole.Leader || !_progress.TryGetValue(_options.Id, out Progress? own))
        {
            return;
        }

        if (own.Acknowledged(_log.Persisted))
        {
            TryCommit();
        }
    }

    /// <summary>Commits what a quorum holds, but only by counting an entry of our own term (thesis §3.6.2, figure 3.7).</summary>
    private bool TryCommit()
    {
        ulong held = HeldByQuorum();
        if (_options.Bugs.HasFlag(InjectedBugs.CommitWithoutQuorum))
        {
            held = _progress.Where(p => p.Value.IsVoter).Max(p => p.Value.Match);
        }

        if (held <= _log.Commit)
        {
            return false;
        }

        if (_log.TermAt(held) != _term && !_options.Bugs.HasFlag(InjectedBugs.CommitEarlierTermsByCounting))
        {
            return false;
        }

        _log.CommitTo(held);
        _appendWanted = true;
        ReleaseWaitingReads();
        return true;
    }

    private ulong HeldByQuorum() => QuorumOf(p => p.Match);

    /// <summary>The highest value that a quorum of voters has reached.</summary>
    private ulong QuorumOf(Func<Progress, ulong> value)
    {
        Span<ulong> values = stackalloc ulong[_progress.Count];
        int count = 0;
        foreach (Progress progress in _progress.Values)
        {
            if (progress.IsVoter)
            {
                values[count++] = value(progress);
            }
        }

        values = values[..count];
        values.Sort();
        return count == 0 ? 0 : values[count - Quorum];
    }

    private void ForgetUncommittedBytes(ImmutableArray<Entry> committed)
    {
        foreach (Entry entry in committed)
        {
            _uncommittedBytes = Math.Max(0, _uncommittedBytes - entry.Data.Length);
        }
    }

    private void MembershipChangedWhileLeading()
    {
        if (_isVoter != true)
        {
            // The change is committed without us; the commit index is already on its way to those who stay (thesis §4.2.2).
            BecomeFollower(_term, leader: 0);
            return;
        }
        foreach (ulong id in _progress.Keys.Where(id => _membership.Find(id) is null).ToArray())
        {
            _progress.Remove(id);
        }

        foreach (RaftMember member in _membership.Members)
        {
            if (_progress.TryGetValue(member.Id, out Progress? known))
            {
                known.IsVoter = member.IsVoter;
            }
            // A newcomer has until the next quorum check to show up.
            else
            {
                _progress.Add(member.Id, new Progress(_log.LastIndex + 1, _options.MaxInflightMessages, member.IsVoter, since: _membershipIndex) { RecentlyActive = true });
            }
        }
        if (_transferTo != 0 && _membership.Find(_transferTo) is not { IsVoter: true })
        {
            _transferTo = 0;
        }
        // A smaller quorum may already hold more; and newcomers want to hear from us.
        TryCommit();
        _appendWanted = true;
    }
}
