using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Rpc.Tests.Security;

/// <summary>What no table of calls shows: what is believed of nodes that are newer than what is known.</summary>
public sealed class CallAuthorityTests
{
    private const string RaftCall = "/skep.v1.Raft/Messages", ManagerCall = "/skep.v1.Liveness/Vouch", NodeCall = "/skep.v1.Dispatch/Session";

    private static readonly PeerIdentity Newcomer = new(new NodeId("x"), NodeRole.Manager, new ClusterId("ours"));

    [Theory]
    [InlineData(NodeRole.Manager, 1, NodeRole.Manager, 1, Standing.Manager)]
    [InlineData(NodeRole.Manager, 1, NodeRole.Worker, 2, Standing.Worker)] // demoted since
    [InlineData(NodeRole.Manager, 3, NodeRole.Worker, 2, Standing.Manager)] // promoted while this replica was away
    [InlineData(NodeRole.Manager, 2, NodeRole.Worker, 2, Standing.Worker)] // an authority would not have issued that
    [InlineData(NodeRole.Worker, 1, NodeRole.Manager, 2, Standing.Worker)] // promoted, and still shows the old certificate
    [InlineData(NodeRole.Worker, 4, NodeRole.Manager, 3, Standing.Worker)] // demoted while this replica was away
    [InlineData(NodeRole.Manager, 1, NodeRole.Manager, 3, Standing.Manager)] // demoted and promoted again before it renewed
    public void The_newer_statement_about_a_role_counts(NodeRole shown, uint shownAs, NodeRole known, uint knownAs, Standing expected)
        => Assert.Equal(expected, Standings.Of(new PeerIdentity(new NodeId("n"), shown, new ClusterId("ours")) { Generation = shownAs }, known, knownAs));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4_000_000_000)]
    public void A_certificate_carries_the_count_of_roles(uint generation)
    {
        PeerIdentity subject = Newcomer with { Generation = generation };
        using var key = new NodeKey();
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(subject.ToSubject(), key.PublicKey, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var root = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var signer = System.Security.Cryptography.X509Certificates.X509SignatureGenerator.CreateForECDsa(root);
        using System.Security.Cryptography.X509Certificates.X509Certificate2 signed = request.Create(subject.ToSubject(), signer, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1), [1]);
        Assert.Equal(subject, PeerIdentity.Read(signed));
    }

    [Fact]
    public async Task A_node_not_heard_of_is_refused_only_after_news_was_waited_for()
    {
        var members = new News(_ => Standing.Manager);
        var authority = new CallAuthority(members);
        Assert.NotNull(authority.Refusal(NodeCall, Newcomer));
        Assert.Null(await authority.RefusalAsync(NodeCall, Newcomer, CancellationToken.None));
        Assert.Equal(1, members.Refreshed);
        Assert.Null(await authority.RefusalAsync(ManagerCall, Newcomer, CancellationToken.None));
        Assert.Equal(1, members.Refreshed); // known now
    }

    [Fact]
    public async Task A_stranger_with_a_managers_certificate_speaks_Raft_only_to_a_replica_that_cannot_tell()
    {
        var current = new CallAuthority(new News(_ => Standing.Unknown));
        Assert.Equal(ErrorKind.PermissionDenied, (await current.RefusalAsync(RaftCall, Newcomer, CancellationToken.None))!.Kind);

        var behind = new CallAuthority(new News(_ => throw new ClusterException(ErrorKind.Unavailable, "no leader")));
        Assert.Null(await behind.RefusalAsync(RaftCall, Newcomer, CancellationToken.None));
        await Assert.ThrowsAsync<ClusterException>(async () => await behind.RefusalAsync(ManagerCall, Newcomer, CancellationToken.None));
        await Assert.ThrowsAsync<ClusterException>(async () => await behind.RefusalAsync(RaftCall, Newcomer with { Role = NodeRole.Worker }, CancellationToken.None));
    }

    [Theory]
    [InlineData("n", NodeRole.Manager, Standing.Manager, null)]
    [InlineData("n", NodeRole.Manager, Standing.Unknown, null)] // newer than what is known here
    [InlineData("n", NodeRole.Worker, Standing.Worker, "node n answers, which is a worker, not a manager")]
    [InlineData("n", NodeRole.Manager, Standing.Worker, "node n answers, which is no longer a manager")]
    [InlineData("n", NodeRole.Manager, Standing.Removed, "node n answers, which was removed from the cluster")]
    [InlineData("other", NodeRole.Manager, Standing.Manager, "node other answers in place of n")]
    public void Only_the_manager_that_is_meant_is_spoken_to(string answers, NodeRole role, Standing standing, string? objection)
    {
        var members = new News(_ => standing);
        members.Known = standing;
        Assert.Equal(objection, Callee.Manager(new NodeId("n")).Objection(new PeerIdentity(new NodeId(answers), role, new ClusterId("ours")), members));
        Assert.Equal(answers == "n" ? objection : null, Callee.AnyManager.Objection(new PeerIdentity(new NodeId("n"), role, new ClusterId("ours")), members));
    }

    [Fact]
    public void Nobody_of_another_cluster_is_spoken_to()
    {
        var members = new News(_ => Standing.Manager);
        Assert.NotNull(Callee.AnyManager.Objection(Newcomer with { Cluster = new ClusterId("theirs") }, members));
        Assert.NotNull(Callee.Member(new NodeId("x")).Objection(null, members));
    }

    private sealed class News(Func<PeerIdentity, Standing> told) : IClusterMembers
    {
        public Standing Known { get; set; } = Standing.Unknown;

        public int Refreshed { get; private set; }

        public ClusterId Cluster => new("ours");

        public Task Changed => Task.CompletedTask;

        public Standing StandingOf(PeerIdentity holder) => Known;

        public Task RefreshAsync(CancellationToken ct)
        {
            Refreshed++;
            Known = told(Newcomer);
            return Task.CompletedTask;
        }
    }
}
