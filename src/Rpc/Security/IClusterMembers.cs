using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>What a node knows of who belongs to its cluster. Given by Host: a manager knows it from the store, a worker from what it is told.</summary>
public interface IClusterMembers
{
    ClusterId Cluster { get; }

    /// <summary>Whether the node was removed from the cluster though its certificate is still in force.</summary>
    bool IsRemoved(NodeId node);
}
