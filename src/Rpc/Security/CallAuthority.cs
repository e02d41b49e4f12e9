using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Decides whether a caller may make a call, from what the cluster says of it now.</summary>
public sealed class CallAuthority(IClusterMembers members)
{
    /// <summary>Completes with the next news that may change an answer. To be read before asking.</summary>
    public Task Changed => members.Changed;

    /// <summary>Judges by what is known at this moment.</summary>
    /// <param name="caller">Null: no certificate was shown.</param>
    /// <returns>Null: the caller may.</returns>
    public ClusterException? Refusal(string method, PeerIdentity? caller)
    {
        if (CallAudiences.Of(method) is not { } audience)
        {
            return Denied($"nobody may call {method}");
        }

        if (caller is null)
        {
            return audience == CallAudience.Anyone ? null : new ClusterException(ErrorKind.Unauthenticated, "a node certificate is required");
        }

        if (caller.Cluster != members.Cluster)
        {
            return Denied($"node {caller.Node} is not part of this cluster");
        }

        return (members.StandingOf(caller), audience) switch
        {
            (Standing.Removed, _) => Denied($"node {caller.Node} was removed from the cluster"),
            (_, CallAudience.Anyone) => null,
            (Standing.Manager, _) => null,
            (Standing.Unknown, CallAudience.RaftGroup) when caller.Role == NodeRole.Manager => null,
            (Standing.Unknown, _) => Stranger(caller),
            (_, CallAudience.Nodes) => null,
            _ => Denied(caller.Role == NodeRole.Manager ? $"node {caller.Node} is no longer a manager" : "a manager certificate is required"),
        };
    }

    /// <summary>As <see cref="Refusal"/>; a node not heard of may be new, so news is waited for before it is turned away.</summary>
    public async ValueTask<ClusterException?> RefusalAsync(string method, PeerIdentity? caller, CancellationToken ct)
    {
        ClusterException? refusal = Refusal(method, caller);
        if (caller is null || caller.Cluster != members.Cluster || CallAudiences.Of(method) is null or CallAudience.Anyone || members.StandingOf(caller) != Standing.Unknown)
        {
            return refusal;
        }

        try
        {
            await members.RefreshAsync(ct).ConfigureAwait(false);
        }
        catch (ClusterException e) when (e.Kind == ErrorKind.Unavailable && refusal is null)
        {
            return null; // What brings this replica up to date must not wait for it to be so.
        }

        return Refusal(method, caller) ?? (members.StandingOf(caller) == Standing.Unknown && CallAudiences.Of(method) == CallAudience.RaftGroup ? Stranger(caller) : null);
    }

    private static ClusterException Stranger(PeerIdentity caller) => Denied($"node {caller.Node} is not known in this cluster");

    private static ClusterException Denied(string reason) => new(ErrorKind.PermissionDenied, reason);
}
