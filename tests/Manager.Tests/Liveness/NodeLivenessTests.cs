using Microsoft.Extensions.Logging.Abstractions;
using Skep.Manager.Dispatch;
using Skep.Manager.Liveness;
using Skep.Manager.Tests.Control;
using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Liveness;

public sealed class NodeLivenessTests
{
    private static readonly NodeId Lost = new("n4");
    private static readonly DateTimeOffset DownSince = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_new_leader_does_not_bring_a_dead_node_back_to_life()
    {
        OneManager manager = await WithDownNodeAsync();
        var reign = new Reign(manager);

        await reign.PassAsync(TimeSpan.FromSeconds(2));

        Node lost = manager.Store.View().Nodes.Find(Lost)!;
        Assert.Equal(NodeState.Down, lost.Status.State);
        Assert.Equal(DownSince, lost.Status.Since); // How long its tasks have been orphans does not begin anew.
    }

    [Fact]
    public async Task A_dead_node_is_ready_again_when_it_is_heard()
    {
        OneManager manager = await WithDownNodeAsync();
        var reign = new Reign(manager);
        await reign.PassAsync(TimeSpan.FromSeconds(2));

        reign.Liveness.Seen(Lost, TimeSpan.Zero);
        await reign.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(NodeState.Ready, manager.Store.View().Nodes.Find(Lost)!.Status.State);
    }

    [Fact]
    public async Task A_node_that_registers_while_down_is_not_declared_ready_and_down_again()
    {
        OneManager manager = await WithDownNodeAsync();
        var reign = new Reign(manager);
        using StoreWatch watch = manager.Store.Watch();

        await new NodeRegistrar(manager.Store, manager.Time).RegisterAsync(Lost, manager.Store.View().Nodes.Find(Lost)!.Description! with { EngineVersion = "2" }, CancellationToken.None);
        await reign.PassAsync(TimeSpan.FromSeconds(1));
        reign.Liveness.Seen(Lost, TimeSpan.Zero);
        await reign.PassAsync(TimeSpan.FromSeconds(1));

        NodeState[] states = [.. Events(watch).Select(e => e.New).OfType<Node>().Where(n => n.Id == Lost).Select(n => n.Status.State)];
        Assert.Equal([NodeState.Down, NodeState.Ready], states);
    }

    private static IEnumerable<StoreEvent> Events(StoreWatch watch)
    {
        while (watch.TryTake() is { } batch)
        {
            foreach (StoreEvent change in batch.Events)
            {
                yield return change;
            }
        }
    }

    private static async Task<OneManager> WithDownNodeAsync()
    {
        OneManager manager = await OneManager.StartAsync();
        Node node = await manager.AddNodeAsync(Lost.Value, NodeRole.Worker);
        await manager.CommitAsync([new StoreChange.Update(node with { Status = new NodeStatus(NodeState.Down, "heartbeat failure", "10.0.0.9") { Since = DownSince } })]);
        return manager;
    }

    /// <summary>The rounds of one leader, in time that moves when told.</summary>
    private sealed class Reign
    {
        private readonly OneManager _manager;

        public Reign(OneManager manager)
        {
            _manager = manager;
            Liveness = new NodeLiveness(manager.Store, manager.Time, NullLogger<NodeLiveness>.Instance);
            Liveness.Begin();
        }

        public NodeLiveness Liveness { get; }

        public async Task PassAsync(TimeSpan span)
        {
            for (TimeSpan passed = TimeSpan.Zero; passed < span; passed += TimeSpan.FromMilliseconds(250))
            {
                Liveness.Seen(_manager.Self, TimeSpan.Zero);
                _manager.Time.Advance(TimeSpan.FromMilliseconds(250));
                await Liveness.JudgeAsync(CancellationToken.None);
            }
        }
    }
}
