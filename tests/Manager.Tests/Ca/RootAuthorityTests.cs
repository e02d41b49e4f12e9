using Skep.Manager.Ca;
using Skep.Model;
using Skep.Rpc.Security;

namespace Skep.Manager.Tests.Ca;

public sealed class RootAuthorityTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ClusterBootstrap Fresh = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(Now, IdSource.From(new Random(1)), new Random(1)));

    [Fact]
    public void The_first_manager_is_trusted_by_the_root_it_made()
    {
        NodeIdentity identity = Fresh.IssueFirst(Now);
        Assert.Equal(new PeerIdentity(Fresh.FirstManager.Id, NodeRole.Manager, Fresh.Cluster.Id), identity.Self);
        Assert.True(NodeIdentity.IsTrusted(identity.Certificate, identity.Roots, Now));
    }

    [Fact]
    public void A_certificate_of_another_cluster_is_not_trusted()
    {
        ClusterBootstrap other = ClusterBootstrap.Create(ClusterSpec.Default, NodeAvailability.Active, new Moment(Now, IdSource.From(new Random(2)), new Random(2)));
        Assert.False(NodeIdentity.IsTrusted(other.IssueFirst(Now).Certificate, Fresh.IssueFirst(Now).Roots, Now));
    }

    [Fact]
    public void A_certificate_ends_with_its_lifetime()
    {
        NodeIdentity identity = Fresh.IssueFirst(Now);
        Assert.False(NodeIdentity.IsTrusted(identity.Certificate, identity.Roots, Now + TimeSpan.FromDays(91)));
    }

    [Fact]
    public void Renewal_is_due_between_half_and_four_fifths_of_the_life()
    {
        NodeIdentity identity = Fresh.IssueFirst(Now);
        for (int seed = 0; seed < 50; seed++)
        {
            DateTimeOffset at = identity.RenewAt(new Random(seed));
            Assert.InRange(at, Now + TimeSpan.FromDays(44.9), Now + TimeSpan.FromDays(72.1));
        }
    }

    [Fact]
    public void The_digest_of_the_root_is_in_both_tokens()
    {
        JoinToken worker = JoinToken.Parse(Fresh.Cluster.JoinTokens.Worker);
        JoinToken manager = JoinToken.Parse(Fresh.Cluster.JoinTokens.Manager);
        Assert.Equal(Fresh.Cluster.RootCa.Digest, worker.Digest);
        Assert.Equal(worker.Digest, manager.Digest);
        Assert.NotEqual(worker.Secret, manager.Secret);
    }

    [Fact]
    public void Bytes_that_are_no_request_are_refused()
        => Assert.Equal(ErrorKind.InvalidArgument, Assert.Throws<ClusterException>(() => RootAuthority.ReadRequest([1, 2, 3])).Kind);
}
