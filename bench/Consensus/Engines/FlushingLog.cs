using DotNext.IO.Log;
using DotNext.Net.Cluster.Consensus.Raft;
using DotNext.Net.Cluster.Consensus.Raft.StateMachine;

namespace Skep.Bench.Consensus.Engines;

/// <summary>
/// The package's log, except that a follower's append returns, and so is acknowledged, when it is on disk. The method is not virtual, so the interface
/// is implemented again.
/// </summary>
internal sealed class FlushingLog(WriteAheadLog.Options options, IStateMachine machine)
    : WriteAheadLog(options, machine), IPersistentState, IAuditTrail<IRaftLogEntry>
{
    async ValueTask IAuditTrail<IRaftLogEntry>.AppendAsync<TEntry>(ILogEntryProducer<TEntry> entries, long startIndex, bool skipCommitted, CancellationToken token)
    {
        bool any = entries.RemainingCount > 0;
        await AppendAsync(entries, startIndex, skipCommitted, token);
        if (any)
        {
            await FlushAsync(token);
        }
    }
}
