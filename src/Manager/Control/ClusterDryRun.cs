namespace Skep.Manager.Control;

/// <summary>
/// Operations that end as they would in the cluster, each on top of those before it, and change nothing there: they are the operations themselves, on a
/// branch of the store. One caller at a time.
/// </summary>
/// <remarks>Only what a stack is made of; nodes and the swarm reach beyond the store. Why so: <c>docs/adr/0019</c>.</remarks>
public sealed class ClusterDryRun
{
    private readonly ClusterStore _branch;

    internal ClusterDryRun(ClusterStore branch, TimeProvider time, IdSource ids)
    {
        _branch = branch;
        var commits = new ControlCommits(branch);
        Services = new ServiceControl(commits, time, ids);
        Networks = new NetworkControl(commits, ids);
        Secrets = new SecretControl(commits, ids);
        Configs = new ConfigControl(commits, ids);
    }

    public ServiceControl Services { get; }

    public NetworkControl Networks { get; }

    public SecretControl Secrets { get; }

    public ConfigControl Configs { get; }

    /// <summary>The cluster as it would be by now.</summary>
    public StoreView View() => _branch.View();
}
