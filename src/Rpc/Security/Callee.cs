using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Who is meant to answer at an address. Whoever else does is not spoken to: an address is easily given falsely, and easily taken.</summary>
/// <param name="Node">Null: any.</param>
public readonly record struct Callee(NodeId? Node, bool IsManager)
{
    /// <summary>For what any manager may be told, and is believed in.</summary>
    public static Callee AnyManager { get; } = new(null, true);

    public static Callee Manager(NodeId node) => new(node, true);

    public static Callee Member(NodeId node) => new(node, false);

    /// <returns>Null: it is the one that is meant.</returns>
    /// <param name="shown">What the certificate says of who answers; null when it says nothing.</param>
    public string? Objection(PeerIdentity? shown, IClusterMembers members)
    {
        if (shown is null || shown.Cluster != members.Cluster)
        {
            return "what answers is not a node of this cluster";
        }

        if (Node is { } meant && shown.Node != meant)
        {
            return $"node {shown.Node} answers in place of {meant}";
        }

        if (IsManager && shown.Role != NodeRole.Manager)
        {
            return $"node {shown.Node} answers, which is a worker, not a manager";
        }

        return members.StandingOf(shown) switch
        {
            Standing.Removed => $"node {shown.Node} answers, which was removed from the cluster",
            Standing.Worker when IsManager => $"node {shown.Node} answers, which is no longer a manager",
            _ => null, // Not heard of: newer than what is known here. Its certificate is of this cluster.
        };
    }
}
