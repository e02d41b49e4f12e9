using Grpc.Core;
using Microsoft.Extensions.Logging;
using Skep.Manager.Control;
using Skep.Manager.Orchestration;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Ca;

/// <summary>Lets machines in and renews the certificates of nodes. Any manager answers: the root's key is in the store.</summary>
public sealed class CertificateAuthorityService(ClusterStore store, TimeProvider time, IdSource ids, ILogger<CertificateAuthorityService> logger)
    : V1.CertificateAuthority.CertificateAuthorityBase, IDisposable
{
    private readonly SemaphoreSlim _strangers = new(1);

    public override Task<V1.GetRootCertificateResponse> GetRootCertificate(V1.GetRootCertificateRequest request, ServerCallContext context)
        => Task.FromResult(new V1.GetRootCertificateResponse { CertificatePem = ClusterOf(store.View()).RootCa.CertificatePem });

    public override async Task<V1.IssueResponse> Issue(V1.IssueRequest request, ServerCallContext context)
    {
        try
        {
            return await IssueAsync(request, context.CallerOrNull(), context.CancellationToken).ConfigureAwait(false);
        }
        catch (ClusterException e)
        {
            logger.IssueRefused(context.Peer, e.Message);
            throw;
        }
    }

    /// <summary>For a node whose machine asked for a certificate and then could not enter: its port is taken, or managers cannot call it. Only a node that never took part is forgotten.</summary>
    public override async Task<V1.GiveBackResponse> GiveBack(V1.GiveBackRequest request, ServerCallContext context)
    {
        NodeId id = context.Caller().Node;
        CommitOutcome outcome;
        do
        {
            StoreView view = await store.ReadAsync(context.CancellationToken).ConfigureAwait(false);
            Node node = view.Nodes.Find(id) ?? throw new ClusterException(ErrorKind.NotFound, $"node {id} is not known");
            if (!UnregisteredNodes.NeverSpoke(node))
            {
                throw new ClusterException(ErrorKind.FailedPrecondition, $"node {id} has taken part in the cluster; it is removed with \"node rm\" on a manager");
            }

            // A member of the Raft group it may have become is dropped with it.
            outcome = await store.CommitAsync(NodeControl.Forget(view, node, time.GetUtcNow()), context.CancellationToken).ConfigureAwait(false);
        }
        while (!outcome.IsCommitted);

        logger.NodeGivenBack(id);
        return new V1.GiveBackResponse();
    }

    public void Dispose() => _strangers.Dispose();

    private static Cluster ClusterOf(StoreView view) => view.Cluster ?? throw new ClusterException(ErrorKind.Unavailable, "the cluster is not made yet");

    private async Task<V1.IssueResponse> IssueAsync(V1.IssueRequest request, PeerIdentity? caller, CancellationToken ct)
    {
        JoinToken? token = request.JoinToken.Length > 0 ? JoinToken.Parse(request.JoinToken) : null;
        if (token is null && caller is null)
        {
            throw ClusterException.Invalid("a join token or a node certificate is required");
        }

        // Tokens may have been rotated a moment ago by another manager: the quorum is asked, not only this replica. Whoever shows none that is known
        // here costs it little: such calls wait for each other.
        bool isKnown = token is null || RoleOf(ClusterOf(store.View()), token) is not null;
        StoreView view = await ReadAsync(isKnown, ct).ConfigureAwait(false);
        Cluster cluster = ClusterOf(view);
        NodeRole? role = token is null ? null : RoleOf(cluster, token)
            ?? throw ClusterException.Invalid("A valid join token is necessary to join this cluster: this one was rotated or is of another cluster; get the present one with \"swarm join-token\" on a manager");
        NodeAvailability availability = AvailabilityOf(request.Availability);
        System.Security.Cryptography.X509Certificates.PublicKey key = RootAuthority.ReadRequest(request.SigningRequest.ToByteArray());

        Node node = role is { } admitted ? await AdmitAsync(admitted, availability, ct).ConfigureAwait(false) : Renewing(view, caller!);
        var subject = new PeerIdentity(node.Id, node.Role, cluster.Id) { Generation = node.RoleGeneration };
        logger.CertificateIssued(node.Id, node.Role);
        return new V1.IssueResponse
        {
            CertificatePem = RootAuthority.Sign(cluster.RootCa, subject, key, cluster.Spec.CertificateLifetime, time.GetUtcNow()),
            RootCertificatePem = cluster.RootCa.TrustedPem,
            NodeId = node.Id.Value,
            ClusterId = cluster.Id.Value,
            Role = (int)node.Role,
            DataPathPort = (uint)cluster.DataPathPort,
            UnlockKey = node.Role == NodeRole.Manager ? Google.Protobuf.ByteString.CopyFrom(cluster.UnlockKey.Reveal()) : Google.Protobuf.ByteString.Empty,
        };
    }

    private static NodeAvailability AvailabilityOf(int number) => (NodeAvailability)number is var availability && Enum.IsDefined(availability)
        ? availability
        : throw ClusterException.Invalid($"availability {number} is not known: active, pause or drain");

    private static NodeRole? RoleOf(Cluster cluster, JoinToken token)
        => token.Matches(cluster.JoinTokens.Manager) ? NodeRole.Manager : token.Matches(cluster.JoinTokens.Worker) ? NodeRole.Worker : null;

    private static Node Renewing(StoreView view, PeerIdentity caller)
        => view.Nodes.Find(caller.Node) ?? throw new ClusterException(ErrorKind.PermissionDenied, $"node {caller.Node} was removed from the cluster");

    private async Task<StoreView> ReadAsync(bool isKnown, CancellationToken ct)
    {
        if (isKnown)
        {
            return await store.ReadAsync(ct).ConfigureAwait(false);
        }

        await _strangers.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            return await store.ReadAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            _strangers.Release();
        }
    }

    private async Task<Node> AdmitAsync(NodeRole role, NodeAvailability availability, CancellationToken ct)
    {
        var node = new Node(new NodeId(ids.Next()))
        {
            Spec = new NodeSpec(Annotations.Unnamed) { DesiredRole = role, Availability = availability },
            Role = role,
        };
        CommitOutcome outcome = await store.CommitAsync([new StoreChange.Create(node)], ct).ConfigureAwait(false);
        return outcome.IsCommitted ? node : throw new ClusterException(ErrorKind.Internal, $"the new node could not be stored: {outcome}");
    }
}
