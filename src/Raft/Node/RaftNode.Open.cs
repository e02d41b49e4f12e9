using Microsoft.Extensions.Logging;

namespace Skep.Raft;

public sealed partial class RaftNode
{
    /// <summary>Reads what is on disk and restores the state machine from it; see <see cref="RaftStart"/> for an empty directory.</summary>
    /// <param name="options">Checked here.</param>
    /// <param name="stateMachine">Empty; entries that are known to be committed are applied once the node runs.</param>
    /// <param name="transport">Where messages go.</param>
    /// <param name="time">Ticks and limits.</param>
    /// <param name="random">Spreads elections and tells this run of the node from earlier ones.</param>
    /// <param name="log">For operators.</param>
    /// <exception cref="RaftStorageException">The files are damaged, incomplete or written with another key.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static RaftNode Open(
        RaftNodeOptions options, IStateMachine stateMachine, IRaftTransport transport, TimeProvider time, Random random, ILogger log)
    {
        options.Check();
        RaftDisk disk = RaftDisk.Open(options, stateMachine, log);
        try
        {
            log.Started(options.Id, disk.HardState.Term, disk.Meta.Index, disk.LastIndex, disk.HardState.Commit);
            return new RaftNode(options, stateMachine, transport, time, random, log, disk);
        }
        catch
        {
            disk.Log.Dispose();
            disk.Snapshots.Dispose();
            throw;
        }
    }
}
