using Microsoft.Extensions.Logging;
using Skep.Raft;

namespace Skep.Manager.Leadership;

/// <summary>Something only the leader does. Starts when leadership is won, is cancelled when it is lost.</summary>
public interface ILeaderLoop
{
    string Name { get; }

    Task RunAsync(CancellationToken ct);
}

/// <summary>Starts the leader's loops when this node leads and ends them when it does not. A leader never limps: if one loop fails, leadership is handed over.</summary>
public sealed class LeaderScope(RaftNode raft, ClusterStore store, IReadOnlyList<ILeaderLoop> loops, TimeProvider time, ILogger<LeaderScope> logger)
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken ct)
    {
        (ulong Term, CancellationTokenSource Stop, Task Running)? reign = null;
        try
        {
            await foreach (RaftStatus status in raft.WatchLeadership(ct).ConfigureAwait(false))
            {
                if (reign is { } old && (status.Role != RaftRole.Leader || status.Term != old.Term))
                {
                    await EndAsync(old).ConfigureAwait(false);
                    reign = null;
                }

                if (reign is null && status.Role == RaftRole.Leader)
                {
                    CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
                    reign = (status.Term, stop, ReignAsync(status.Term, stop));
                }
            }
        }
        finally
        {
            if (reign is { } last)
            {
                await EndAsync(last).ConfigureAwait(false);
            }
        }
    }

    private async Task EndAsync((ulong Term, CancellationTokenSource Stop, Task Running) reign)
    {
        await reign.Stop.CancelAsync().ConfigureAwait(false);
        await reign.Running.ConfigureAwait(false);
        reign.Stop.Dispose();
        logger.StoppedLeading(reign.Term);
    }

    /// <summary>Runs until cancelled. After a failure it hands leadership over and, if nobody takes it, begins again.</summary>
    private async Task ReignAsync(ulong term, CancellationTokenSource stop)
    {
        CancellationToken ct = stop.Token;
        while (!ct.IsCancellationRequested)
        {
            using CancellationTokenSource together = CancellationTokenSource.CreateLinkedTokenSource(ct);
            try
            {
                // Everything earlier leaders committed must be in the view before the first decision.
                await store.ReadAsync(ct).ConfigureAwait(false);
                logger.Leading(term);
                Task[] running = [.. loops.Select(loop => RunOneAsync(loop, together.Token))];
                await Task.WhenAny(running).ConfigureAwait(false);
                await together.CancelAsync().ConfigureAwait(false);
                await Task.WhenAll(running).ConfigureAwait(false);
                if (!ct.IsCancellationRequested)
                {
                    await raft.TransferLeadershipAsync(0, ct).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is ClusterException or RaftUnavailableException or MembershipRefusedException)
            {
                logger.MembershipNotChanged(e.Message);
            }

            await Task.Delay(PauseAfterFailure, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunOneAsync(ILeaderLoop loop, CancellationToken ct)
    {
        try
        {
            await loop.RunAsync(ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The scope ends.
        }
        catch (Exception e)
        {
            logger.LoopFailed(e, loop.Name);
            ManagerMetrics.LoopFailed(loop.Name);
        }
    }
}
