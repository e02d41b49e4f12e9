using Skep.Rpc.Security;

namespace Skep.Host.Node;

/// <summary>Who belongs to the cluster, as the half of this node knows that knows best: its manager, if it is one, or its agent.</summary>
internal sealed class NodeMembers(IdentityHolder identity) : IClusterMembers
{
    private volatile IClusterMembers? _source;

    public ClusterId Cluster => identity.Current.Cluster;

    public Task Changed => _source?.Changed ?? new TaskCompletionSource().Task;

    public Standing StandingOf(PeerIdentity holder) => _source?.StandingOf(holder) ?? Standing.Unknown;

    public Task RefreshAsync(CancellationToken ct) => _source?.RefreshAsync(ct) ?? Task.CompletedTask;

    /// <summary>To be called before the node listens in a role.</summary>
    public void AskFromNowOn(IClusterMembers source) => _source = source;
}
