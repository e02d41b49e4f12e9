namespace Skep.Raft;

/// <summary>What a leader knows and assumes about one member.</summary>
/// <remarks>
/// Probe: one message, then wait for an answer or a heartbeat's. Replicate: stream ahead, up to a window of unanswered messages. Snapshot: wait.
/// Source: etcd-io/raft:tracker/progress.go; thesis §10.2.1 (pipelining).
/// </remarks>
internal sealed class Progress(ulong next, int maxInflight, bool isVoter, ulong since)
{
    private readonly Queue<ulong> _inflight = new();
    private bool _isHeard;
    private bool _wasHeard;

    public ReplicationState State { get; private set; } = ReplicationState.Probe;

    /// <summary>The member's log is the leader's up to here; only ever grows within a term.</summary>
    public ulong Match { get; private set; }

    /// <summary>The next entry to send; above <see cref="Match"/>, a guess while probing.</summary>
    public ulong Next { get; private set; } = next;

    /// <summary>The log held the member's own addition at this index; who has answered there, or beyond, knows that it is a member.</summary>
    public ulong Since { get; } = since;

    /// <summary>Heard of since the last quorum check; a newcomer has until the first one to show up.</summary>
    public bool RecentlyActive { get; set; }

    /// <summary>It has spoken, itself, since the last quorum check or between the last two: a check alone makes nobody silent.</summary>
    public bool Answers => _isHeard || _wasHeard;

    public bool IsVoter { get; set; } = isVoter;

    /// <summary>The latest round of read confirmation that it answered (thesis §6.4).</summary>
    public ulong ReadRound { get; set; }

    /// <summary>No more appends until something is heard.</summary>
    public bool Paused { get; private set; }

    public bool IsBlocked => Paused || State == ReplicationState.Snapshot;

    public bool WindowFull => _inflight.Count >= maxInflight;

    public int Inflight => _inflight.Count;

    public ulong PendingSnapshot { get; private set; }

    /// <summary>The highest commit index put into a message for it.</summary>
    private ulong SentCommit { get; set; }

    public void Hear() => RecentlyActive = _isHeard = true;

    /// <summary>A quorum check is over.</summary>
    /// <param name="isOwn">The leader's own, which it always hears.</param>
    public void BeginSilence(bool isOwn)
    {
        RecentlyActive = isOwn;
        (_wasHeard, _isHeard) = (_isHeard, isOwn);
    }

    public void BecomeProbe()
    {
        // After a snapshot the member is at least there, even if its answer is still on the way.
        ulong known = State == ReplicationState.Snapshot ? Math.Max(Match, PendingSnapshot) : Match;
        Enter(ReplicationState.Probe);
        Next = known + 1;
        SentCommit = Math.Min(SentCommit, known);
    }

    public void BecomeReplicate()
    {
        Enter(ReplicationState.Replicate);
        Next = Match + 1;
    }

    public void BecomeSnapshot(ulong index)
    {
        Enter(ReplicationState.Snapshot);
        PendingSnapshot = index;
        Next = index + 1;
        SentCommit = index;
    }

    /// <summary>The outcome of a snapshot; wait for a sign of life before probing on.</summary>
    public void SnapshotDone(bool ok)
    {
        if (!ok)
        {
            PendingSnapshot = 0;
        }

        BecomeProbe();
        Paused = true;
    }

    public void Sent(int entries, ulong commit)
    {
        Invariant.Holds(State != ReplicationState.Snapshot);
        SentCommit = commit;
        if (State == ReplicationState.Probe)
        {
            Paused |= entries > 0;
            return;
        }
        if (entries > 0)
        {
            Next += (ulong)entries;
            _inflight.Enqueue(Next - 1);
        }
        Paused = WindowFull;
    }

    public void SentHeartbeat(ulong commit) => SentCommit = commit;

    /// <summary>It holds the log up to <paramref name="index"/>. False if that was known.</summary>
    public bool Acknowledged(ulong index)
    {
        if (index <= Match)
        {
            return false;
        }

        Match = index;
        Next = Math.Max(Next, index + 1);
        Paused = false;
        return true;
    }

    public void FreeWindow(ulong upTo)
    {
        while (_inflight.TryPeek(out ulong last) && last <= upTo)
        {
            _inflight.Dequeue();
        }
    }

    /// <summary>It refused what follows <paramref name="rejected"/>; its log may meet ours at <paramref name="hint"/>. False for old news.</summary>
    public bool Rejected(ulong rejected, ulong hint)
    {
        if (State == ReplicationState.Replicate)
        {
            if (rejected <= Match)
            {
                return false;
            }

            BecomeProbe();
            return true;
        }
        // While probing there is one question at a time: an answer to another one is late.
        if (Next - 1 != rejected)
        {
            return false;
        }

        Next = Math.Max(Math.Min(rejected, hint + 1), Match + 1);
        SentCommit = Math.Min(SentCommit, Next - 1);
        Paused = false;
        return true;
    }

    /// <summary>Heard of it: one more message may be tried even if the window is full or the probe was lost.</summary>
    public void Resume() => Paused = false;

    /// <summary>Whether telling it the commit index would be news that it can use.</summary>
    public bool LacksCommit(ulong commit) => commit > SentCommit && SentCommit < Next - 1;

    private void Enter(ReplicationState state)
    {
        Paused = false;
        PendingSnapshot = 0;
        State = state;
        _inflight.Clear();
    }
}
