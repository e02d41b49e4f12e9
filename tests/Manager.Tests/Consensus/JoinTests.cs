using Grpc.Core;
using Grpc.HealthCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Skep.Manager.Control;
using Skep.Model;
using Skep.Raft;
using Skep.Rpc.Security;
using Skep.Store;
using V1 = Skep.Rpc.V1;

namespace Skep.Manager.Tests.Consensus;

/// <summary>A machine asks the group to take it in: whatever it says of itself, the group goes on deciding.</summary>
public sealed class JoinTests
{
    [Fact]
    public async Task A_node_that_can_be_called_at_its_address_becomes_a_learner()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");
        string address = await ListenAsync(group, joiner);

        V1.JoinResponse taken = await group.JoinAsync(joiner, address);

        Assert.Equal(new RaftMember(taken.RaftId, "j", address, IsVoter: false), group.Raft.Status.Membership.Find(taken.RaftId));
        Assert.Equal(["j", "server"], taken.Members.Select(m => m.NodeId).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_node_that_answers_with_a_refusal_has_answered()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");
        string address = await group.Listener.AddListenerAsync(joiner, _ => { }, app => app.MapGrpcService<V1.PeerImages.PeerImagesBase>());

        await group.JoinAsync(joiner, address);
    }

    [Fact]
    public async Task An_address_that_leads_nowhere_is_refused_before_anything_is_proposed()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");

        Status refused = await RefusalAsync(group.JoinAsync(joiner, "127.0.0.1:1"));

        Assert.Equal(
            new Status(StatusCode.FailedPrecondition, "this manager cannot reach node j at the address it advertises: nothing listens at 127.0.0.1:1. Give an address that managers reach with --advertise-addr, and let 1/tcp through the node's firewall"),
            refused);
        await AssertAloneAndDecidingAsync(group);
        Assert.Contains(group.Listener.Log.Lines, l => l.Level == LogLevel.Warning && l.Text.StartsWith("Node j may not join the Raft group: this manager cannot reach node j", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_address_that_leads_to_another_node_is_refused()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");

        Status refused = await RefusalAsync(group.JoinAsync(joiner, group.Listener.Address));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains($"at {group.Listener.Address}, node server answers in place of j", refused.Detail, StringComparison.Ordinal);
        await AssertAloneAndDecidingAsync(group);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bad host:xx")]
    [InlineData("10.0.0.9")]
    [InlineData("10.0.0.9:0")]
    [InlineData("\u001b[2J:2377")]
    public async Task What_is_no_address_is_not_even_tried(string address)
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        Status refused = await RefusalAsync(group.JoinAsync(await group.AdmitAsync("j"), address));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.DoesNotContain('\u001b', refused.Detail);
        await AssertAloneAndDecidingAsync(group);
    }

    [Fact]
    public async Task A_node_that_is_no_manager_to_be_does_not_get_the_log()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        await group.CommitAsync(new StoreChange.Create(OneMemberGroup.Node("demoted", NodeRole.Worker)));
        NodeIdentity demoted = group.Listener.Identity(NodeRole.Manager, "demoted"), stranger = group.Listener.Identity(NodeRole.Manager, "stranger");

        Assert.Equal(new Status(StatusCode.PermissionDenied, "node demoted is not to be a manager; promote it first"), await RefusalAsync(group.JoinAsync(demoted, await ListenAsync(group, demoted))));
        Assert.Equal(StatusCode.PermissionDenied, (await RefusalAsync(group.JoinAsync(stranger, await ListenAsync(group, stranger)))).StatusCode);
        await AssertAloneAndDecidingAsync(group);
    }

    [Fact]
    public async Task The_only_voter_does_not_leave_a_learner_behind()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");
        await group.JoinAsync(joiner, await ListenAsync(group, joiner));

        Status refused = await RefusalAsync(LeaveAsync(group, group.Listener.Identity(NodeRole.Manager, "server")));

        Assert.Equal(new Status(StatusCode.FailedPrecondition, "the quorum would be lost without node server: 1 of 1 manager answers; after this 0 of 0 would, and 1 is needed; let another manager join first"), refused);
        await LeaveAsync(group, joiner);
        await AssertAloneAndDecidingAsync(group);
    }

    [Fact]
    public async Task The_leader_says_who_is_in_the_group_and_whom_it_hears()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");
        ulong raftId = (await group.JoinAsync(joiner, await ListenAsync(group, joiner))).RaftId;

        V1.GroupResponse answer = await new V1.Raft.RaftClient(group.Listener.As(joiner)).GroupAsync(new V1.GroupRequest());

        Assert.Equal([("server", true, true), ("j", false, false)], answer.Members.OrderByDescending(m => m.Answers).Select(m => (m.Member.NodeId, m.Answers, m.Member.IsVoter)));
        Assert.Contains(answer.Members, m => m.Member.RaftId == raftId);
    }

    [Fact]
    public async Task A_node_that_could_not_enter_gives_itself_back()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j");
        CallInvoker calls = group.Listener.As(joiner);

        await CertificateClient.GiveBackAsync(calls, group.Listener.Address, TimeProvider.System, CancellationToken.None);

        Assert.Null(group.Store.View().Nodes.Find(joiner.Node));
        Assert.Contains(joiner.Node, group.Store.View().Cluster!.RemovedNodes.Keys);
        await Assert.ThrowsAsync<ClusterException>(() => CertificateClient.GiveBackAsync(calls, group.Listener.Address, TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task A_node_that_took_part_is_not_given_back()
    {
        await using OneMemberGroup group = await OneMemberGroup.StartAsync();
        NodeIdentity joiner = await group.AdmitAsync("j", NodeRole.Worker);
        Node node = group.Store.View().Nodes.Find(joiner.Node)!;
        await group.CommitAsync(new StoreChange.Update(node with { Description = new NodeDescription("j", new Platform("x86_64", "linux"), new Resources(1, 1)) }));

        ClusterException refused = await Assert.ThrowsAsync<ClusterException>(
            () => CertificateClient.GiveBackAsync(group.Listener.As(joiner), group.Listener.Address, TimeProvider.System, CancellationToken.None));

        Assert.Contains("has taken part in the cluster", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(group.Store.View().Nodes.Find(joiner.Node));
    }

    [Fact]
    public void Votes_are_counted_without_learners()
    {
        var group = new ManagerGroup(new NodeId("a"), [new NodeId("c"), new NodeId("d")]) { Voters = [new NodeId("a"), new NodeId("b"), new NodeId("c")] };
        Assert.Equal(new QuorumState(2, 3), group.Votes);
        Assert.Equal(new QuorumState(1, 2), group.VotesWithout(new NodeId("b")));
        Assert.Equal(new QuorumState(2, 2), group.VotesWithout(new NodeId("c")));
        Assert.Equal(new QuorumState(2, 3), group.VotesWithout(new NodeId("d")));
    }

    private static Task<string> ListenAsync(OneMemberGroup group, NodeIdentity joiner)
        => group.Listener.AddListenerAsync(joiner, s => s.AddSingleton<HealthServiceImpl>(), app => app.MapGrpcService<HealthServiceImpl>());

    private static async Task<V1.LeaveResponse> LeaveAsync(OneMemberGroup group, NodeIdentity who)
        => await new V1.Raft.RaftClient(group.Listener.As(who)).LeaveAsync(new V1.LeaveRequest { NodeId = who.Node.Value });

    private static async Task<Status> RefusalAsync<T>(Task<T> call) => (await Assert.ThrowsAsync<RpcException>(() => call)).Status is var status ? new Status(status.StatusCode, status.Detail) : default;

    private static async Task AssertAloneAndDecidingAsync(OneMemberGroup group)
    {
        Assert.Equal(["server"], group.Raft.Status.Membership.Members.Select(m => m.NodeId));
        await group.CommitAsync(new StoreChange.Create(new Config(new ConfigId("c")) { Spec = new ConfigSpec(new Annotations("c")) }));
    }
}
