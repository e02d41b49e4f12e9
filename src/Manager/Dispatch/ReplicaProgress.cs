namespace Skep.Manager.Dispatch;

/// <summary>Whether this manager's replica keeps up with the cluster: asked of the cluster itself every second, since a replica whose disk or network hangs does not know it.</summary>
public sealed class ReplicaProgress(ClusterStore store, TimeProvider time)
{
    /// <summary>An election and a slow disk are over by then; a node is not Down for want of a session that long.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private long _confirmed = time.GetTimestamp();

    /// <summary>Ends only when cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        Volatile.Write(ref _confirmed, time.GetTimestamp());
        while (true)
        {
            try
            {
                await store.ReadAsync(ct).AsTask().WaitAsync(Limit, time, ct).ConfigureAwait(false);
                Volatile.Write(ref _confirmed, time.GetTimestamp());
            }
            catch (Exception e) when (e is ClusterException or TimeoutException)
            {
                // Not confirmed: how long since is what counts.
            }

            await Task.Delay(Period, time, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Fails once the replica has not kept up for a while: what depends on it asks another manager.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>, always.</exception>
    public async Task UntilStalledAsync(CancellationToken ct)
    {
        TimeSpan behind;
        while ((behind = time.GetElapsedTime(Volatile.Read(ref _confirmed))) <= Limit)
        {
            await Task.Delay(Period, time, ct).ConfigureAwait(false);
        }

        throw new ClusterException(ErrorKind.Unavailable, $"this manager has confirmed nothing with the cluster for {behind.TotalSeconds:0} s; ask another");
    }
}
