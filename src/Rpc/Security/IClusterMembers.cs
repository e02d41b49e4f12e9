using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>What a node knows of who belongs to its cluster, and as what. A manager knows it from the store, a worker from what managers tell it.</summary>
/// <remarks>A certificate says who its holder was when it was issued; what that one may do now is asked here, for every call, of callers and of callees.</remarks>
public interface IClusterMembers
{
    ClusterId Cluster { get; }

    /// <summary>Completes with the next news of members. To be read before <see cref="StandingOf"/>, or a change between the two would be missed.</summary>
    Task Changed { get; }

    /// <summary>What the holder of a certificate of this cluster is now, as far as this node knows.</summary>
    Standing StandingOf(PeerIdentity holder);

    /// <summary>Waits, for a short and limited time, for news that may tell of a node which is not known yet.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.Unavailable"/>: nobody could be asked.</exception>
    Task RefreshAsync(CancellationToken ct);
}

/// <summary>What a node is in the cluster at present.</summary>
public enum Standing
{
    /// <summary>Never heard of: a stranger with a good certificate, or a node that is newer than what is known here.</summary>
    Unknown,

    /// <summary>It was one; its certificate opens nothing any more.</summary>
    Removed,

    Worker,

    Manager,
}

public static class Standings
{
    /// <summary>Of two statements about a node's role, its certificate's and this replica's, the newer counts; a role has to be in both when they are of one age.</summary>
    /// <param name="role">As known here, of <paramref name="generation"/> (<see cref="Node.RoleGeneration"/>).</param>
    /// <remarks>A replica that was away for a while knows less than the certificates that were issued meanwhile, and must believe them to catch up at all.</remarks>
    public static Standing Of(PeerIdentity holder, NodeRole role, uint generation)
        => holder.Role == NodeRole.Manager && (role == NodeRole.Manager || holder.Generation > generation) ? Standing.Manager : Standing.Worker;
}
