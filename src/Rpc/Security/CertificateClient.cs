using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Skep.Model;
using Skep.Rpc.V1;

namespace Skep.Rpc.Security;

/// <summary>A node's half of getting a certificate: joining with a token, and renewing.</summary>
public static class CertificateClient
{
    /// <summary>Limit of each call.</summary>
    public static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    /// <summary>Joins the cluster that the manager at <paramref name="address"/> belongs to.</summary>
    /// <exception cref="ClusterException">The manager cannot be reached, is not of the cluster the token pins, or refuses the token.</exception>
    public static async Task<(NodeIdentity Identity, int DataPathPort)> JoinAsync(string address, JoinToken token, NodeAvailability availability, TimeProvider time, CancellationToken ct)
    {
        string rootPem = await FetchRootAsync(address, token, time, ct).ConfigureAwait(false);
        X509Certificate2Collection roots = NodeIdentity.ParseRoots(rootPem);
        using GrpcChannel channel = NodeChannels.OpenWithoutIdentity(address, (c, shown) => IsManager(c, roots, shown, time));
        (NodeIdentity identity, IssueResponse response) = await IssueAsync(channel.CreateCallInvoker(), address, token.ToString(), availability, time, ct).ConfigureAwait(false);
        return (identity, (int)response.DataPathPort);
    }

    /// <summary>A new certificate for the node whose present one the channel shows; the role in it may have changed.</summary>
    public static async Task<NodeIdentity> RenewAsync(CallInvoker channel, string address, TimeProvider time, CancellationToken ct)
        => (await IssueAsync(channel, address, joinToken: "", NodeAvailability.Active, time, ct).ConfigureAwait(false)).Identity;

    /// <summary>Says that this node, which just got its certificate, does not enter after all, so that nothing of it stays behind.</summary>
    /// <exception cref="ClusterException">It was not taken back: says why.</exception>
    public static Task GiveBackAsync(CallInvoker channel, string address, TimeProvider time, CancellationToken ct)
        => CallAsync(address, NodeChannels.ConnectLimit, () => new CertificateAuthority.CertificateAuthorityClient(channel).GiveBackAsync(new GiveBackRequest(), Options(time, ct)));

    /// <summary>The token goes to managers only: whoever learns it can come in.</summary>
    private static bool IsManager(X509Certificate2 certificate, X509Certificate2Collection roots, X509Certificate2Collection? shown, TimeProvider time)
        => NodeIdentity.IsTrustedNode(certificate, roots, time.GetUtcNow(), shown)
            && (PeerIdentity.Read(certificate)?.Role == NodeRole.Manager ? true : throw new UnmeantPeerException("what answers is a worker; give the address of a manager"));

    private static async Task<string> FetchRootAsync(string address, JoinToken token, TimeProvider time, CancellationToken ct)
    {
        // Nothing is known of the server yet: what it sends is believed only if it has the digest of the token.
        using GrpcChannel channel = NodeChannels.OpenWithoutIdentity(address, (_, _) => true);
        GetRootCertificateResponse response = await CallAsync(address, CallLimit, () => new CertificateAuthority.CertificateAuthorityClient(channel)
            .GetRootCertificateAsync(new GetRootCertificateRequest(), Options(time, ct))).ConfigureAwait(false);
        string found = JoinToken.DigestOf(response.CertificatePem);
        return found == token.Digest
            ? response.CertificatePem
            : throw new ClusterException(ErrorKind.Unavailable, $"remote CA does not match fingerprint. Expected: {token.Digest}, found: {found} at {address}; the token is of another cluster, or its root certificate was rotated: get a new one with \"swarm join-token\" on a manager");
    }

    private static async Task<(NodeIdentity Identity, IssueResponse Response)> IssueAsync(CallInvoker channel, string address, string joinToken, NodeAvailability availability, TimeProvider time, CancellationToken ct)
    {
        using var key = new NodeKey();
        IssueResponse response = await CallAsync(address, joinToken.Length > 0 ? CallLimit : NodeChannels.ConnectLimit, () => new CertificateAuthority.CertificateAuthorityClient(channel).IssueAsync(
            new IssueRequest
            {
                SigningRequest = ByteString.CopyFrom(key.CreateSigningRequest()),
                JoinToken = joinToken,
                Availability = (int)availability,
            },
            Options(time, ct))).ConfigureAwait(false);
        return (NodeIdentity.FromPem(response.CertificatePem, key.PrivatePem, response.RootCertificatePem, SensitiveBytes.From(response.UnlockKey.Span)), response);
    }

    private static CallOptions Options(TimeProvider time, CancellationToken ct) => new(deadline: (time.GetUtcNow() + CallLimit).UtcDateTime, cancellationToken: ct);

    private static async Task<T> CallAsync<T>(string address, TimeSpan connectLimit, Func<AsyncUnaryCall<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw e.StatusCode switch
            {
                StatusCode.InvalidArgument => ClusterException.Invalid(e.Status.Detail),
                StatusCode.PermissionDenied => new ClusterException(ErrorKind.PermissionDenied, e.Status.Detail, e),
                _ => new ClusterException(ErrorKind.Unavailable, CallTrouble.Describe("manager", address, e, CallLimit, connectLimit), e),
            };
        }
    }
}
