namespace Skep.Testing.Clusters;

/// <summary>A promise was broken on a cluster; the message ends with what its daemons said last.</summary>
public sealed class ClusterFailure(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Runs a test's body; what it throws comes out with the tails of the nodes' logs.</summary>
    public static async Task WithLogsAsync(TestCluster cluster, Func<Task> body)
    {
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            throw new ClusterFailure($"{e.GetType().Name}: {e.Message}\n{e.StackTrace}\n{cluster.LogTails()}", e);
        }
    }
}
