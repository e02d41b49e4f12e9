namespace Skep.Worker.Local;

/// <summary>The networks this node takes part in.</summary>
public sealed partial class LocalNode
{
    /// <summary>Those of the cluster that are in use here, as managers told; empty outside a cluster.</summary>
    public IEnumerable<Network> ClusterNetworks => _networks?.OfCluster ?? [];
}
