using System.Buffers;
using System.Collections.Immutable;
using Skep.Raft;
using Skep.Raft.Codec;

namespace Skep.Micro;

/// <summary>What a leader allocates for each of 64 proposals that go out together: three cores in one thread, without disk and network.</summary>
internal sealed class RaftBudget
{
    private const int Together = 64;
    private const int DataBytes = 300;
    private readonly ReadOnlyMemory<byte> _data = new byte[DataBytes];
    private readonly RaftCore[] _cores;
    private readonly RaftCore _leader;
    private long _leaderBytes;
    private Message? _append;

    private RaftBudget()
    {
        (HardState state, SnapshotMeta snapshot) = RaftCore.Bootstrap(Enumerable.Range(1, 3).Select(i => new RaftMember((ulong)i, $"n{i}", $"host{i}:1", IsVoter: true)));
        _cores = [.. Enumerable.Range(1, 3).Select(i => new RaftCore(new RaftCoreOptions { Id = (ulong)i }, new Random(i), state, snapshot, [], snapshot.Index))];
        while (_cores.All(c => c.Role != RaftRole.Leader))
        {
            _cores[0].Tick();
            Settle();
        }

        _leader = _cores[0];
    }

    public static void Measure(Dictionary<string, double> measured, int rounds)
    {
        var group = new RaftBudget();
        group.Round();
        group._leaderBytes = 0;
        for (int i = 0; i < rounds; i++)
        {
            group.Round();
        }

        measured["raft.core per proposal, leader"] = (double)group._leaderBytes / (rounds * Together);
        Message append = group._append!;
        var output = new ArrayBufferWriter<byte>(1 << 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < rounds; i++)
        {
            output.ResetWrittenCount();
            MessageCodec.Write(output, append);
        }

        measured["raft.encode one entry of an append"] = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / (rounds * append.Entries.Length);
    }

    private void Round()
    {
        Counted(() =>
        {
            for (int i = 0; i < Together; i++)
            {
                _leader.Propose(_data);
            }
        });
        Settle();
        RaftStatus status = _leader.Status;
        foreach (RaftCore core in _cores)
        {
            core.Compact(new SnapshotMeta(core.Status.Applied, status.Term, status.Membership), keepEntries: Together);
        }
    }

    /// <summary>Until nobody has anything to do.</summary>
    private void Settle()
    {
        bool worked = true;
        while (worked)
        {
            worked = false;
            foreach (RaftCore core in _cores.Where(c => c.HasReady))
            {
                worked = true;
                Ready ready = null!;
                ImmutableArray<Message> messages = default;
                Counted(core, () => ready = core.Ready());
                messages = [.. ready.Messages, .. ready.MessagesAfterPersist];
                Counted(core, () => core.Advance(ready));
                foreach (Message message in messages)
                {
                    RaftCore to = _cores[message.To - 1];
                    Counted(to, () => to.Step(message));
                    _append = message.Entries.Length > 1 ? message : _append;
                }

                Counted(core, () => _ = core.Status); // As the node does after each.
            }
        }
    }

    private void Counted(RaftCore core, Action run)
    {
        if (core == _leader)
        {
            Counted(run);
        }
        else
        {
            run();
        }
    }

    private void Counted(Action run)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        run();
        _leaderBytes += GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
