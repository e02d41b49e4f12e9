namespace Skep.Manager.Control;

/// <summary>
/// Operations that end as they would in the cluster, each on top of those before it, and change nothing there: they are the operations themselves, on a
/// branch of the store. One caller at a time.
/// </summary>
/// <remarks>Only what a stack is made of; nodes and the swarm reach beyond the store. Why so: <c>docs/adr/0019</c>.</remarks>
public sealed class ClusterDryRun : StackControls
{
    private readonly ClusterStore _branch;

    internal ClusterDryRun(ClusterStore branch, TimeProvider time, IdSource ids)
        : base(new ControlCommits(branch), time, ids)
        => _branch = branch;

    /// <summary>The cluster as it would be by now.</summary>
    public StoreView View() => _branch.View();
}
