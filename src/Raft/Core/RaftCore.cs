using System.Collections.Immutable;

namespace Skep.Raft;

/// <summary>
/// One member's part of the Raft algorithm, without disk, network, clock or threads: requests, messages and ticks go in, <see cref="Ready"/> comes
/// out. The same inputs and the same random seed always give the same outputs.
/// </summary>
/// <remarks>
/// Source: Ongaro, "Consensus: Bridging Theory and Practice" (the "Raft thesis"; sections are named where they apply); etcd-io/raft:raft.go, doc.go
/// for the shape. One thread at a time. A broken promise throws <see cref="InvariantViolationException"/>; the process must then stop.
/// </remarks>
public sealed partial class RaftCore
{
    /// <summary>Marks a candidate that its leader asked to campaign, so that the lease does not hold it off (thesis §3.10).</summary>
    private static readonly byte[] TransferMark = [(byte)'T'];

    private readonly RaftCoreOptions _options;
    private readonly Random _random;
    private readonly RaftLog _log;

    private ulong _term;
    private ulong _vote;
    private ulong _leader;

    /// <summary>Never Learner: a learner is a follower that is not <see cref="Promotable"/>; only <see cref="Role"/> tells them apart.</summary>
    private RaftRole _role = RaftRole.Follower;

    private Membership _membership = Membership.Empty;

    /// <summary>Read off <see cref="_membership"/> once per change; asked for on every message.</summary>
    private int _voters;
    private bool? _isVoter;

    /// <summary>Up to which index <see cref="_membership"/> has taken in the log. A snapshot can be ahead of entries still being applied.</summary>
    private ulong _membershipIndex;

    private int _electionElapsed;
    private int _electionTimeout;

    /// <param name="options">Checked here.</param>
    /// <param name="random">Spreads election timeouts; the only source of chance.</param>
    /// <param name="hardState">As last persisted, or <c>default</c>.</param>
    /// <param name="snapshot">The newest snapshot on disk, <see cref="Bootstrap(IEnumerable{RaftMember})"/>'s for the founder, or <see cref="SnapshotMeta.None"/> for a member that joins.</param>
    /// <param name="entriesAfterSnapshot">The persisted log, consecutive, from <c>snapshot.Index + 1</c> on.</param>
    /// <param name="applied">What the state machine already holds; at least the snapshot's index.</param>
    public RaftCore(
        RaftCoreOptions options, Random random, HardState hardState, SnapshotMeta snapshot, IReadOnlyList<Entry> entriesAfterSnapshot, ulong applied)
    {
        options.Check();
        _options = options;
        _random = random;
        _log = new RaftLog(snapshot, entriesAfterSnapshot, hardState.Commit, applied);
        Adopt(snapshot.Membership);
        _membershipIndex = snapshot.Index;
        TakeInMembership(_log.Slice(snapshot.Index + 1, applied));
        // A torn tail may have kept entries of a new leader and lost the hard state that went with them. No promise was made in that term
        // (promises wait for the sync), so entering it without a vote is safe, and staying below our own log's term would be odd.
        (_term, _vote) = hardState.Term >= _log.LastTerm ? (hardState.Term, hardState.Vote) : (_log.LastTerm, 0);
        BecomeFollower(_term, leader: 0);
        _persistedState = _handedState = CurrentHardState;
        (_handedLeader, _handedRole) = (_leader, Role);
    }

    /// <summary>
    /// The first state of a new group: a snapshot at index 1 of term 1 that holds nothing but the members. The founder persists both (with the image
    /// of an empty state machine) before its first start; everyone who joins later receives them, or something newer, as a snapshot.
    /// </summary>
    public static (HardState HardState, SnapshotMeta Snapshot) Bootstrap(params IEnumerable<RaftMember> members) => Bootstrap(1, members);

    /// <summary>As <see cref="Bootstrap(IEnumerable{RaftMember})"/>, for a group whose state machine holds something already.</summary>
    public static (HardState HardState, SnapshotMeta Snapshot) Bootstrap(ulong firstIndex, params IEnumerable<RaftMember> members) =>
        (new HardState(1, 0, firstIndex), new SnapshotMeta(firstIndex, 1, new Membership(members)));

    /// <summary>The membership in force, with everything applied taken in.</summary>
    public Membership Membership => _membership;

    public RaftRole Role => _role == RaftRole.Follower && _isVoter == false ? RaftRole.Learner : _role;

    public RaftStatus Status => new(
        _options.Id, Role, _leader, _term, _vote, _log.Commit, _log.Applied, _log.FirstIndex, _log.LastIndex, _transferTo, _membership, PeerStatuses());

    /// <summary>For checkers: the log as it stands, entries not yet persisted included.</summary>
    internal RaftLog Log => _log;

    internal ulong CurrentTerm => _term;

    private HardState CurrentHardState => new(_term, _vote, _log.Commit);

    private int Quorum => (_voters / 2) + 1;

    /// <summary>Only a voter that knows its own state may become leader.</summary>
    private bool Promotable => _isVoter == true && _log.Pending is null;

    /// <summary>One tick of the shell's clock.</summary>
    public void Tick()
    {
        _electionElapsed++;
        if (_role == RaftRole.Leader)
        {
            TickLeader();
            return;
        }
        // The only voter has nobody to wait for or to ask: a founder leads at once. Where a leader is known it may be about to hand over.
        bool isAlone = _role == RaftRole.Follower && _leader == 0 && _voters == 1 && Promotable;
        if (_electionElapsed < _electionTimeout && !isAlone)
        {
            return;
        }

        _electionElapsed = 0;
        if (Promotable)
        {
            Campaign(_options.PreVote ? CampaignKind.PreVote : CampaignKind.Election);
        }
        else
        {
            _leader = 0; // A learner cannot campaign, but must not send its requests into the void either.
        }
    }

    /// <summary>A message of a peer. Never throws for a message that is late, foreign or doubled.</summary>
    public void Step(Message message)
    {
        if (message.To != _options.Id || message.From == _options.Id)
        {
            return;
        }
        // Requests sent on by followers belong to no term.
        if (message.Kind is MessageKind.Propose or MessageKind.ReadIndex)
        {
            StepForwarded(message);
            return;
        }
        if (message.Term < _term)
        {
            StepFromThePast(message);
            return;
        }
        if (message.Term > _term && !EnterTermOf(message))
        {
            return;
        }

        switch (message.Kind)
        {
            case MessageKind.PreVote or MessageKind.Vote:
                StepVoteRequest(message);
                break;
            case MessageKind.PreVoteResponse or MessageKind.VoteResponse:
                StepVoteResponse(message);
                break;
            case MessageKind.Append or MessageKind.Heartbeat or MessageKind.Snapshot:
                StepFromLeader(message);
                break;
            case MessageKind.TimeoutNow:
                if (_role == RaftRole.Follower && Promotable)
                {
                    Campaign(CampaignKind.Transfer);
                }

                break;
            case MessageKind.AppendResponse or MessageKind.HeartbeatResponse:
                if (_role == RaftRole.Leader && _progress.TryGetValue(message.From, out Progress? progress))
                {
                    StepFollowerResponse(message, progress);
                }

                break;
            case MessageKind.ReadIndexResponse:
                _readStates.Add(new ReadState(message.Context, message.Index));
                break;
            case MessageKind.Propose or MessageKind.ReadIndex:
                break;
        }
    }

    /// <summary>Asks for one entry. A follower sends it on to the leader. Empty data is refused with <see cref="ArgumentException"/>.</summary>
    public ProposeOutcome Propose(ReadOnlyMemory<byte> data)
    {
        if (data.IsEmpty)
        {
            throw new ArgumentException("an entry needs data; empty ones mark the start of a term", nameof(data));
        }

        return Submit(EntryKind.Normal, data);
    }

    /// <summary>Asks for a change of one member; it is in force once applied (Advance of the Ready that carried it).</summary>
    public ProposeOutcome ProposeMembership(MembershipChange change) => Submit(EntryKind.Membership, Codec.LogCodec.Encode(change));

    /// <summary>Asks for the index a linearizable read must wait for; the answer comes as <see cref="ReadState"/>, or never (callers need a time limit).</summary>
    public ProposeOutcome ReadIndex(ReadOnlyMemory<byte> context)
    {
        if (_role == RaftRole.Leader)
        {
            return AcceptRead(_options.Id, context);
        }

        if (_leader == 0)
        {
            return ProposeOutcome.NoLeader;
        }

        Send(new Message(MessageKind.ReadIndex, _options.Id, _leader, 0) { Context = context });
        return ProposeOutcome.Accepted;
    }

    /// <summary>The shell has written a snapshot of an applied state: forget entries up to it, except for the last <paramref name="keepEntries"/>.</summary>
    public void Compact(SnapshotMeta snapshot, ulong keepEntries) => _log.Compact(snapshot, keepEntries);

    private ImmutableArray<PeerStatus> PeerStatuses()
    {
        if (_role != RaftRole.Leader)
        {
            return [];
        }

        ImmutableArray<PeerStatus>.Builder peers = ImmutableArray.CreateBuilder<PeerStatus>(_progress.Count);
        foreach ((ulong id, Progress p) in _progress)
        {
            peers.Add(new PeerStatus(id, p.State, p.Match, p.Next, p.RecentlyActive, p.IsVoter, p.Inflight) { Answers = p.Answers, Since = p.Since });
        }

        return peers.MoveToImmutable();
    }

    private ProposeOutcome Submit(EntryKind kind, ReadOnlyMemory<byte> data)
    {
        if (_role == RaftRole.Leader)
        {
            return AcceptProposal(kind, data);
        }

        if (_leader == 0)
        {
            return ProposeOutcome.NoLeader;
        }

        Send(new Message(MessageKind.Propose, _options.Id, _leader, 0) { Entries = [new Entry(0, 0, kind, data)] });
        return ProposeOutcome.Accepted;
    }

    private void StepForwarded(Message message)
    {
        // Whoever sent it is wrong about the leader; sending it on again could go round in circles. Its owner has a time limit.
        if (_role != RaftRole.Leader)
        {
            return;
        }

        if (message.Kind == MessageKind.ReadIndex)
        {
            AcceptRead(message.From, message.Context);
        }
        else
        {
            foreach (Entry entry in message.Entries)
            {
                AcceptForwarded(entry);
            }
        }
    }

    /// <summary>A higher term ends ours, except for questions (pre-votes) and while we hear a leader. False: ignore the message.</summary>
    private bool EnterTermOf(Message message)
    {
        if (message.Kind is MessageKind.PreVote or MessageKind.Vote)
        {
            // Whoever hears a leader helps nobody to depose it: members that were removed or cut off would do so for ever (thesis §4.2.3).
            bool hearsLeader = _options.CheckQuorum && _leader != 0 && _electionElapsed < _options.ElectionTicks;
            if (hearsLeader && !message.Context.Span.SequenceEqual(TransferMark))
            {
                return false;
            }
        }
        bool isQuestion = message.Kind == MessageKind.PreVote || (message is { Kind: MessageKind.PreVoteResponse, Reject: false });
        if (isQuestion)
        {
            return true;
        }

        bool fromLeader = message.Kind is MessageKind.Append or MessageKind.Heartbeat or MessageKind.Snapshot;
        BecomeFollower(message.Term, fromLeader ? message.From : 0);
        return true;
    }

    private void StepFromThePast(Message message)
    {
        // With pre-vote or check-quorum a member whose term ran ahead can neither win nor be led: it ignores the leader's lower term and its own
        // questions are ignored. Telling the old leader (or candidate) our term brings everyone together again. Source: etcd-io/raft:raft.go, Step.
        if (message.Kind is MessageKind.Heartbeat or MessageKind.Append)
        {
            Send(new Message(MessageKind.HeartbeatResponse, _options.Id, message.From, _term));
        }
        else if (message.Kind == MessageKind.PreVote)
        {
            Send(new Message(MessageKind.PreVoteResponse, _options.Id, message.From, _term) { Reject = true });
        }
    }

    /// <summary>Everything that ends with a term (or a role in it).</summary>
    private void Reset(ulong term)
    {
        Invariant.Holds(term >= _term);
        if (term != _term)
        {
            (_term, _vote) = (term, 0);
        }

        _leader = 0;
        _electionElapsed = 0;
        _electionTimeout = _options.ElectionTicks + _random.Next(_options.ElectionTicks);
        _votes.Clear();
        ResetLeadership();
    }

    private void BecomeFollower(ulong term, ulong leader)
    {
        Reset(term);
        _role = RaftRole.Follower;
        _leader = leader;
    }

    /// <summary>Committed membership entries come into force.</summary>
    private void TakeInMembership(ImmutableArray<Entry> committed)
    {
        foreach (Entry entry in committed)
        {
            if (entry.Kind != EntryKind.Membership || entry.Index <= _membershipIndex)
            {
                continue;
            }

            MembershipChange change = Codec.LogCodec.DecodeMembershipChange(entry.Data);
            _membershipIndex = entry.Index;
            // A change that no longer fits does nothing, on every member alike.
            if (change.TryApply(_membership, out Membership next, out _))
            {
                Adopt(next);
            }
        }
    }

    private void Adopt(Membership next)
    {
        _membership = next;
        _voters = next.Voters.Count();
        _isVoter = next.Find(_options.Id)?.IsVoter;
        if (_role == RaftRole.Leader)
        {
            MembershipChangedWhileLeading();
        }
    }
}
