using System.Threading.Channels;

namespace Skep.Raft;

/// <content>Linearizable reads: all that wait share one round of confirmation.</content>
public sealed partial class RaftNode
{
    private readonly Channel<PendingRead> _reads;
    private readonly Dictionary<ProposalId, List<PendingRead>> _rounds = [];
    private readonly PriorityQueue<PendingRead, ulong> _confirmed = new();
    private readonly Queue<PendingRead> _readsByAge = new();
    private List<PendingRead> _unasked = [];
    private long _lastRoundTick;

    /// <summary>Returns once this member has applied everything that was committed when the call was made; then its own state may be read.</summary>
    /// <exception cref="RaftUnavailableException">Not within the limit.</exception>
    public async ValueTask<ulong> ReadIndexAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfStopped();
        PendingRead read = new(_time.GetTimestamp(), Continuations);
        if (!_reads.Writer.TryWrite(read))
        {
            await EnqueueAsync(_reads, read, ct);
        }

        Wake();
        return await UntilStoppedAsync(read, ct);
    }

    private bool TakeReads()
    {
        bool worked = false;
        while (_reads.Reader.TryRead(out PendingRead? read))
        {
            _readsByAge.Enqueue(read);
            _unasked.Add(read);
            worked = true;
        }

        if (worked)
        {
            Ask();
        }

        return worked;
    }

    private void Ask()
    {
        if (_unasked.Count == 0)
        {
            return;
        }

        ProposalId round = NextId();
        byte[] context = new byte[ProposalId.Size];
        round.Write(context);
        if (_core.ReadIndex(context) == ProposeOutcome.Accepted)
        {
            _rounds.Add(round, _unasked);
            _unasked = [];
            _lastRoundTick = _tickCount;
        }
    }

    private void Confirmed(ReadState read)
    {
        if (read.Context.Length == ProposalId.Size && _rounds.Remove(ProposalId.Read(read.Context.Span), out List<PendingRead>? round))
        {
            foreach (PendingRead waiting in round)
            {
                _confirmed.Enqueue(waiting, read.Index);
            }
        }
    }

    private void ServeReads()
    {
        while (_confirmed.TryPeek(out PendingRead? read, out ulong index) && index <= _appliedIndex)
        {
            _confirmed.Dequeue();
            read.TrySetResult(index);
        }
    }

    private void RepeatReads()
    {
        foreach (List<PendingRead> round in _rounds.Values)
        {
            _unasked.AddRange(round.Where(r => !r.Task.IsCompleted));
        }

        _rounds.Clear();
        Ask();
    }

    private void ExpireReads()
    {
        while (_readsByAge.TryPeek(out PendingRead? oldest) && (oldest.Task.IsCompleted || _time.GetElapsedTime(oldest.Started) >= _options.RequestLimit))
        {
            _readsByAge.Dequeue();
            if (!oldest.Task.IsCompleted)
            {
                oldest.TrySetException(TimedOut("the read"));
            }
        }

        if (_rounds.Count > 0 && _tickCount - _lastRoundTick >= _options.ElectionTicks)
        {
            RepeatReads();
        }
        else
        {
            _unasked.RemoveAll(r => r.Task.IsCompleted);
            Ask();
        }
    }

    private void FailReads(Exception reason)
    {
        foreach (PendingRead read in _readsByAge)
        {
            read.TrySetException(reason);
        }

        while (_reads.Reader.TryRead(out PendingRead? read))
        {
            read.TrySetException(reason);
        }
    }

    private sealed class PendingRead(long started, TaskCreationOptions continuations) : TaskCompletionSource<ulong>(continuations)
    {
        public long Started { get; } = started;
    }
}
