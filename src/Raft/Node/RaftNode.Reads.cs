using System.Threading.Channels;

namespace Skep.Raft;

/// <content>Linearizable reads: all that wait share one round of confirmation.</content>
public sealed partial class RaftNode
{
    private readonly Channel<PendingRead> reads;
    private readonly Dictionary<ProposalId, List<PendingRead>> rounds = [];
    private readonly PriorityQueue<PendingRead, ulong> confirmed = new();
    private readonly Queue<PendingRead> readsByAge = new();
    private List<PendingRead> unasked = [];
    private long lastRoundTick;

    /// <summary>Returns once this member has applied everything that was committed when the call was made; then its own state may be read.</summary>
    /// <exception cref="RaftUnavailableException">Not within the limit.</exception>
    public async ValueTask<ulong> ReadIndexAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowIfStopped();
        PendingRead read = new(time.GetTimestamp(), Continuations);
        if (!reads.Writer.TryWrite(read))
        {
            await EnqueueAsync(reads, read, ct);
        }

        Wake();
        return await UntilStoppedAsync(read, ct);
    }

    private bool TakeReads()
    {
        bool worked = false;
        while (reads.Reader.TryRead(out PendingRead? read))
        {
            readsByAge.Enqueue(read);
            unasked.Add(read);
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
        if (unasked.Count == 0)
        {
            return;
        }

        ProposalId round = NextId();
        byte[] context = new byte[ProposalId.Size];
        round.Write(context);
        if (core.ReadIndex(context) == ProposeOutcome.Accepted)
        {
            rounds.Add(round, unasked);
            unasked = [];
            lastRoundTick = tickCount;
        }
    }

    private void Confirmed(ReadState read)
    {
        if (read.Context.Length == ProposalId.Size && rounds.Remove(ProposalId.Read(read.Context.Span), out List<PendingRead>? round))
        {
            foreach (PendingRead waiting in round)
            {
                confirmed.Enqueue(waiting, read.Index);
            }
        }
    }

    private void ServeReads()
    {
        while (confirmed.TryPeek(out PendingRead? read, out ulong index) && index <= appliedIndex)
        {
            confirmed.Dequeue();
            read.TrySetResult(index);
        }
    }

    private void RepeatReads()
    {
        foreach (List<PendingRead> round in rounds.Values)
        {
            unasked.AddRange(round.Where(r => !r.Task.IsCompleted));
        }

        rounds.Clear();
        Ask();
    }

    private void ExpireReads()
    {
        while (readsByAge.TryPeek(out PendingRead? oldest) && (oldest.Task.IsCompleted || time.GetElapsedTime(oldest.Started) >= options.RequestLimit))
        {
            readsByAge.Dequeue();
            if (!oldest.Task.IsCompleted)
            {
                oldest.TrySetException(TimedOut("the read"));
            }
        }

        if (rounds.Count > 0 && tickCount - lastRoundTick >= options.ElectionTicks)
        {
            RepeatReads();
        }
        else
        {
            unasked.RemoveAll(r => r.Task.IsCompleted);
            Ask();
        }
    }

    private void FailReads(Exception reason)
    {
        foreach (PendingRead read in readsByAge)
        {
            read.TrySetException(reason);
        }

        while (reads.Reader.TryRead(out PendingRead? read))
        {
            read.TrySetException(reason);
        }
    }

    private sealed class PendingRead(long started, TaskCreationOptions continuations) : TaskCompletionSource<ulong>(continuations)
    {
        public long Started { get; } = started;
    }
}
