using Skep.Manager.Ca;
using Skep.Rpc.Mapping;
using Skep.Rpc.Security;

namespace Skep.Manager.Backup;

/// <summary>A cluster as a backup has it, on one new manager: the state it begins with and that manager's certificate.</summary>
/// <param name="State">A snapshot of the store, to be founded from.</param>
/// <param name="Index">Of the store in it: the new log goes on from there, so that versions of objects never come twice.</param>
public sealed record RestoredCluster(Cluster Cluster, NodeId Node, NodeIdentity Identity, ReadOnlyMemory<byte> State, ulong Index)
{
    private const string Away = "restored from a backup, not heard of since";

    private static readonly ProtoStoreCodec Codec = new();

    /// <summary>
    /// The cluster of that state with a new manager. Its other nodes are down and none of them manages: they come back as workers with the certificates they have, as soon
    /// as they reach a manager, or are removed. What ran on them is placed anew.
    /// </summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: the content is not a store, or of no cluster.</exception>
    public static RestoredCluster Of(ReadOnlyMemory<byte> saved, Moment moment)
    {
        StoreView view = Read(saved);
        Cluster cluster = view.Cluster ?? throw ClusterException.Invalid("the backup holds no cluster");
        ulong index = view.Index + 1;
        var version = new ObjectVersion(index);
        var self = new Node(new NodeId(moment.Ids.Next()))
        {
            Spec = new NodeSpec(Annotations.Unnamed) { DesiredRole = NodeRole.Manager },
            Role = NodeRole.Manager,
        };
        IStoredObject[] objects =
        [
            .. view.All.Select(o => o is Node node ? AwayNow(node, version, moment.Now) : o),
            ((IStoredObject)self).Stamped(version, moment.Now, moment.Now),
        ];
        using var key = new NodeKey();
        string certificate = RootAuthority.Sign(cluster.RootCa, new PeerIdentity(self.Id, NodeRole.Manager, cluster.Id), key.PublicKey, cluster.Spec.CertificateLifetime, moment.Now);
        NodeIdentity identity = NodeIdentity.FromPem(certificate, key.PrivatePem, cluster.RootCa.TrustedPem, cluster.UnlockKey);
        using var state = new MemoryStream();
        StoreSnapshot.Write(StoreView.Of(index, objects), Codec, state);
        return new RestoredCluster(cluster, self.Id, identity, state.ToArray(), index);
    }

    private static StoreView Read(ReadOnlyMemory<byte> saved)
    {
        try
        {
            return StoreSnapshot.Read(new MemoryStream(saved.ToArray(), writable: false), Codec);
        }
        catch (ClusterException e)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"the backup cannot be used: {e.Message}", e);
        }
    }

    private static IStoredObject AwayNow(Node node, ObjectVersion version, DateTimeOffset now)
    {
        Node away = node.WithRole(NodeRole.Worker) with
        {
            Spec = node.Spec with { DesiredRole = NodeRole.Worker },
            Manager = null,
            Status = new NodeStatus(NodeState.Down, Away, node.Status.Address) { Since = now },
        };
        return ((IStoredObject)away).Stamped(version, node.CreatedAt, now);
    }
}
