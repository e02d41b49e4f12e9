using Skep.Overlay;

namespace Skep.Engine.Networks;

/// <summary>A node's place in a cluster, as far as its network is concerned.</summary>
internal interface IClusterNetwork
{
    /// <summary>The cluster's networks that this node takes part in.</summary>
    IEnumerable<Network> Networks { get; }

    /// <summary>Whether an earlier run left containers of the cluster in the node's network.</summary>
    bool HasAdopted { get; }

    /// <summary>What the cluster wants of the node's network.</summary>
    /// <returns>Null while the node does not know its own place.</returns>
    DesiredNetwork? Desired();
}
