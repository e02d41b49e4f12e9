using Skep.Bench.Consensus.Members;
using Skep.Raft;

namespace Skep.Bench.Consensus.Engines;

/// <summary>The replicated numbers as a state machine of RaftNode.</summary>
internal sealed class NumberMachine(NumberLog log) : IStateMachine
{
    public object? Apply(ulong index, ReadOnlyMemory<byte> data)
    {
        log.Apply(data.Span);
        return null;
    }

    public IStateSnapshot Capture() => new Picture(log.Encode());

    public void Restore(Stream snapshot, ulong index)
    {
        using var all = new MemoryStream();
        snapshot.CopyTo(all);
        log.Restore(all.ToArray());
    }

    private sealed class Picture(byte[] encoded) : IStateSnapshot
    {
        public void WriteTo(Stream destination) => destination.Write(encoded);
    }
}
