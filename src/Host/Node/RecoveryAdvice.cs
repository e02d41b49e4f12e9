using Skep.Raft;

namespace Skep.Host.Node;

/// <summary>A membership that fails for something only an operator can mend says how, as docs/recovery.md has it.</summary>
internal static class RecoveryAdvice
{
    /// <exception cref="ClusterException"><see cref="ErrorKind.FailedPrecondition"/>: what is broken, and the command that mends it.</exception>
    public static async Task RunAsync(Func<CancellationToken, Task> run, CancellationToken ct)
    {
        try
        {
            await run(ct).ConfigureAwait(false);
        }
        catch (EntryNotAppliedException e) when (e.InnerException is NewerFormatException)
        {
            throw new ClusterException(ErrorKind.FailedPrecondition, $"{e.Message}; nothing is lost", e);
        }
        catch (EntryNotAppliedException e)
        {
            throw new ClusterException(
                ErrorKind.FailedPrecondition, $"{e.Message}. If every manager stops at it, start each with skepd --skip-entry {e.Entry}: it is stepped over, nothing else of the log is lost", e);
        }
        catch (RaftStorageException e)
        {
            throw new ClusterException(
                ErrorKind.FailedPrecondition, $"{e.Message}. While the other managers have a leader, \"skep swarm rejoin\" on this one gets their state instead; what is here is kept until then", e);
        }
    }
}
