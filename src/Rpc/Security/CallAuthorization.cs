using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Skep.Model;

namespace Skep.Rpc.Security;

/// <summary>Who may call which service; asked before every call. What is not listed is refused.</summary>
public static class CallAuthorization
{
    private enum Audience
    {
        Anyone,
        Nodes,
        Managers,
    }

    private static readonly Dictionary<string, Audience> Audiences = new(StringComparer.Ordinal)
    {
        ["skep.v1.CertificateAuthority"] = Audience.Anyone,
        ["skep.v1.Dispatch"] = Audience.Nodes,
        ["skep.v1.PeerImages"] = Audience.Nodes,
        ["skep.v1.NodeLogs"] = Audience.Managers,
        ["skep.v1.NodeEngine"] = Audience.Managers,
        ["skep.v1.Raft"] = Audience.Managers,
        ["skep.v1.Liveness"] = Audience.Managers,
    };

    private static readonly object IdentityKey = new();

    /// <summary>Why the call is refused, or null; remembers the caller for <see cref="Caller"/>.</summary>
    /// <param name="isRemoved">Whether the node was removed from the cluster though its certificate is still in force.</param>
    public static Status? Refusal(HttpContext call, ClusterId cluster, Func<NodeId, bool> isRemoved)
    {
        string path = call.Request.Path.Value ?? "";
        int end = path.IndexOf('/', 1);
        string service = end > 1 ? path[1..end] : "";
        if (!Audiences.TryGetValue(service, out Audience audience))
        {
            return new Status(StatusCode.Unimplemented, $"unknown service {service}");
        }

        X509Certificate2? certificate = call.Connection.ClientCertificate;
        PeerIdentity? peer = certificate is null ? null : PeerIdentity.Read(certificate);
        if (peer is not null && (peer.Cluster != cluster || isRemoved(peer.Node)))
        {
            return new Status(StatusCode.PermissionDenied, $"node {peer.Node} is not part of this cluster");
        }

        call.Items[IdentityKey] = peer;
        if (audience == Audience.Anyone)
        {
            return null;
        }

        if (peer is null)
        {
            return new Status(StatusCode.Unauthenticated, "a node certificate is required");
        }

        return audience == Audience.Managers && peer.Role != NodeRole.Manager
            ? new Status(StatusCode.PermissionDenied, "a manager certificate is required")
            : null;
    }

    /// <summary>The node that calls; null only where anyone may.</summary>
    public static PeerIdentity? CallerOrNull(this ServerCallContext context)
        => context.GetHttpContext().Items.TryGetValue(IdentityKey, out object? peer) ? (PeerIdentity?)peer : null;

    /// <summary>The node that calls.</summary>
    /// <exception cref="RpcException">Unauthenticated: it showed no certificate.</exception>
    public static PeerIdentity Caller(this ServerCallContext context)
        => context.CallerOrNull() ?? throw new RpcException(new Status(StatusCode.Unauthenticated, "a node certificate is required"));
}
