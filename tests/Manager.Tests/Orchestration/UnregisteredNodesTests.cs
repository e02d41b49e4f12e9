using Skep.Manager.Orchestration;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

public sealed class UnregisteredNodesTests
{
    private static readonly NodeId Ghost = new("ghost");

    [Fact]
    public async Task A_node_that_never_came_is_forgotten_after_ten_minutes_and_its_certificate_refused()
    {
        OneManager manager = await WithGhostAsync(g => g);
        var loop = new UnregisteredNodes();
        Assert.Equal([Ghost], loop.AllKeys(manager.Store.View()));

        manager.Time.Advance(TimeSpan.FromMinutes(9));
        Plan early = loop.Reconcile(manager.Store.View(), Ghost, Moment(manager));
        Assert.Empty(early.Changes);
        Assert.Equal(manager.Time.GetUtcNow() + TimeSpan.FromMinutes(1), early.WakeAt);

        manager.Time.Advance(TimeSpan.FromMinutes(1));
        await manager.CommitAsync(loop.Reconcile(manager.Store.View(), Ghost, Moment(manager)).Changes);
        Assert.Null(manager.Store.View().Nodes.Find(Ghost));
        Assert.Contains(Ghost, manager.Store.View().Cluster!.RemovedNodes.Keys);
        Assert.Empty(loop.AllKeys(manager.Store.View()));
    }

    [Fact]
    public async Task One_that_came_or_is_a_member_of_the_group_stays()
    {
        OneManager described = await WithGhostAsync(g => g with { Description = new NodeDescription("w", new Platform("x86_64", "linux"), new Resources(1, 1)) });
        OneManager member = await WithGhostAsync(g => g with { Manager = new ManagerMember(7, "10.0.0.7:2377") });
        foreach (OneManager manager in new[] { described, member })
        {
            manager.Time.Advance(TimeSpan.FromHours(1));
            var loop = new UnregisteredNodes();
            Assert.Empty(loop.AllKeys(manager.Store.View()));
            Assert.Empty(loop.Reconcile(manager.Store.View(), Ghost, Moment(manager)).Changes);
        }
    }

    private static Moment Moment(OneManager manager) => new(manager.Time.GetUtcNow(), manager.Ids, new Random(1));

    private static async Task<OneManager> WithGhostAsync(Func<Node, Node> change)
    {
        OneManager manager = await OneManager.StartAsync();
        await manager.CommitAsync([new StoreChange.Create(change(new Node(Ghost) { Spec = new NodeSpec(Annotations.Unnamed) }))]);
        return manager;
    }
}
