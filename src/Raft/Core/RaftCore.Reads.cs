using System.Buffers.Binary;

namespace Skep.Raft;

/// <summary>Linearizable reads without a log entry (thesis §6.4).</summary>
/// <remarks>
/// A read is given the commit index of its arrival and belongs to the next *round*; every heartbeat carries the number of the latest round, and a
/// read is answered once a quorum has answered its round or a later one: the leader then was the leader after the read arrived. All reads between
/// two Readys share a round, and a lost heartbeat is repeated by the next one.
/// </remarks>
public sealed partial class RaftCore
{
    /// <summary>More reads than this wait only if the group is stuck; then no is the better answer.</summary>
    private const int MaxReadsWaiting = 65_536;

    private readonly Queue<PendingRead> _reads = new();

    /// <summary>Arrived before this leader had committed anything: the commit index may still lie in an earlier leader's past.</summary>
    private readonly Queue<PendingRead> _readsBeforeFirstCommit = new();

    private ulong _readRound;
    private bool _readRoundWanted;

    private readonly record struct PendingRead(ulong From, ReadOnlyMemory<byte> Context, ulong Index, ulong Round);

    private ProposeOutcome AcceptRead(ulong from, ReadOnlyMemory<byte> context)
    {
        if (_reads.Count + _readsBeforeFirstCommit.Count >= MaxReadsWaiting)
        {
            return ProposeOutcome.Dropped;
        }

        bool eager = _options.Bugs.HasFlag(InjectedBugs.ReadWithoutConfirmation);
        if (_log.TermAt(_log.Commit) != _term && !eager)
        {
            _readsBeforeFirstCommit.Enqueue(new PendingRead(from, context, 0, 0));
            return ProposeOutcome.Accepted;
        }
        PendingRead read = new(from, context, _log.Commit, _readRound + 1);
        bool alone = Quorum == 1 && _progress[_options.Id].IsVoter;
        if (alone || eager)
        {
            Answer(read);
            return ProposeOutcome.Accepted;
        }
        _reads.Enqueue(read);
        _readRoundWanted = true;
        return ProposeOutcome.Accepted;
    }

    private void ReleaseWaitingReads()
    {
        for (int left = _readsBeforeFirstCommit.Count; left > 0; left--)
        {
            PendingRead read = _readsBeforeFirstCommit.Dequeue();
            AcceptRead(read.From, read.Context);
        }
    }

    private void ConfirmReads(ReadOnlyMemory<byte> context, Progress progress)
    {
        if (context.Length != sizeof(ulong))
        {
            return;
        }

        progress.ReadRound = Math.Max(progress.ReadRound, BinaryPrimitives.ReadUInt64LittleEndian(context.Span));
        ulong confirmed = QuorumOf(p => p == _progress[_options.Id] ? ulong.MaxValue : p.ReadRound);
        while (_reads.TryPeek(out PendingRead read) && read.Round <= confirmed)
        {
            Answer(_reads.Dequeue());
        }
    }

    private void Answer(PendingRead read)
    {
        if (read.From == _options.Id)
        {
            _readStates.Add(new ReadState(read.Context, read.Index));
        }
        else
        {
            Send(new Message(MessageKind.ReadIndexResponse, _options.Id, read.From, _term) { Index = read.Index, Context = read.Context });
        }
    }

    private ReadOnlyMemory<byte> ReadRoundContext()
    {
        if (_reads.Count == 0)
        {
            return default;
        }

        byte[] context = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(context, _readRound);
        return context;
    }

    private void ResetReads()
    {
        _reads.Clear();
        _readsBeforeFirstCommit.Clear();
        _readRound = 0;
        _readRoundWanted = false;
    }
}
