using Skep.Manager.Backup;
using Skep.Manager.Ca;

namespace Skep.Host.Node;

/// <summary>How a node's membership begins.</summary>
internal abstract record Entrance
{
    private Entrance()
    {
    }

    /// <summary>It has just got its certificate: nobody in the cluster counts on it yet.</summary>
    public bool IsNew => this is Founding or Restoring or Joining;

    /// <summary>It was a member before: from what is on its disk.</summary>
    public sealed record GoingOn : Entrance;

    /// <summary>It makes a cluster.</summary>
    public sealed record Founding(ClusterBootstrap Cluster) : Entrance;

    /// <summary>It makes the cluster of a backup.</summary>
    public sealed record Restoring(RestoredCluster Cluster) : Entrance;

    /// <summary>It was let into a cluster.</summary>
    public sealed record Joining : Entrance;

    /// <summary>The manager goes on as the only member of its group.</summary>
    public sealed record ForcingNewCluster : Entrance;
}
