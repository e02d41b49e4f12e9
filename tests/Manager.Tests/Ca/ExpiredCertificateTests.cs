using Grpc.Core;
using Skep.Manager.Tests.Consensus;
using Skep.Model;
using Skep.Rpc.Security;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Ca;

/// <summary>A node that was off for longer than its certificate holds.</summary>
public sealed class ExpiredCertificateTests
{
    private static readonly PeerIdentity Sleeper = new(new NodeId("w"), NodeRole.Worker, new ClusterId("ours"));

    [Theory]
    [InlineData(0, false)]
    [InlineData(3, false)]
    [InlineData(6, true)]
    public async Task It_is_let_in_to_renew_only_within_the_grace_an_operator_gives(int graceHours, bool isBelieved)
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        await group.AdmitAsync("w", NodeRole.Worker);
        group.Listener.Grace = TimeSpan.FromHours(graceHours);
        NodeIdentity expired = Expired(group);

        Exception? refused = await Record.ExceptionAsync(() => RenewAsync(group, expired));

        Assert.Equal(isBelieved, refused is null);
    }

    [Fact]
    public async Task One_that_was_removed_meanwhile_stays_outside()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        group.Listener.Grace = TimeSpan.FromDays(30);
        group.Listener.Removed.Add(Sleeper.Node);

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(() => RenewAsync(group, Expired(group)));

        Assert.Equal("node w was removed from the cluster", refused.Message);
    }

    /// <summary>Four hours past its end.</summary>
    private static NodeIdentity Expired(OneMemberGroup group) => group.Listener.Identity(Sleeper, TimeSpan.FromHours(-5), NodeIdentity.ServerUsage, NodeIdentity.ClientUsage);

    private static Task<NodeIdentity> RenewAsync(OneMemberGroup group, NodeIdentity shown)
        => CertificateClient.RenewAsync(group.Listener.As(shown), group.Listener.Address, TimeProvider.System, CancellationToken.None);
}
