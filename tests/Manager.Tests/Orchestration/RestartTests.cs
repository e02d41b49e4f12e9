using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

public sealed class RestartTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly SimCluster _cluster = new(3, nodes: 3);

    private SwarmTask Start(RestartPolicySpec? restart = null, ulong replicas = 1)
    {
        _cluster.Create(Things.Service("web", replicas, restart: restart));
        _cluster.Run(3 * Second);
        return _cluster.Running("web")[0];
    }

    private void End(SwarmTask task, TaskState how = TaskState.Failed)
    {
        _cluster.Update(_cluster.View.Tasks.Find(task.Id)! with { Status = new SwarmTaskStatus(how, _cluster.Now) });
        _cluster.Settle();
    }

    private SwarmTask? Replacement(SwarmTask ended) => _cluster.Tasks("web").SingleOrDefault(t => t.Slot == ended.Slot && t.DesiredState <= TaskState.Running);

    [Fact]
    public void Replacement_is_prepared_at_once_and_starts_after_the_delay()
    {
        SwarmTask first = Start();
        End(first);
        SwarmTask next = Replacement(first)!;
        Assert.Equal((TaskState.Ready, TaskState.Assigned), (next.DesiredState, next.Status.State));
        Assert.Equal(_cluster.Now + (5 * Second), _cluster.NextWake);
        _cluster.Run(4.75 * Second);
        Assert.Equal(TaskState.Ready, Replacement(first)!.Status.State);
        _cluster.Run(Second);
        Assert.Equal(TaskState.Running, Replacement(first)!.Status.State);
    }

    [Fact]
    public void A_replacement_that_is_rejected_before_its_moment_is_not_replaced_before_it()
    {
        SwarmTask first = Start();
        End(first);
        SwarmTask second = Replacement(first)!;
        _cluster.Run(Second);
        End(second, TaskState.Rejected);
        Assert.Equal(second.Id, Replacement(first)!.Id);
        Assert.Equal(2, _cluster.Tasks("web").Length);
        _cluster.Run(4 * Second);
        Assert.Equal(3, _cluster.Tasks("web").Length);
        Assert.Equal(TaskState.Ready, Replacement(first)!.DesiredState);
        _cluster.Run(6 * Second);
        Assert.Equal(TaskState.Running, Replacement(first)!.Status.State);
    }

    [Fact]
    public void Without_delay_the_replacement_is_to_run_at_once()
    {
        SwarmTask first = Start(new RestartPolicySpec { Delay = TimeSpan.Zero });
        End(first);
        Assert.Equal((TaskState.Running, TaskState.Assigned), (Replacement(first)!.DesiredState, Replacement(first)!.Status.State));
    }

    [Theory]
    [InlineData(RestartCondition.Any, TaskState.Complete, true)]
    [InlineData(RestartCondition.OnFailure, TaskState.Complete, false)]
    [InlineData(RestartCondition.OnFailure, TaskState.Failed, true)]
    [InlineData(RestartCondition.None, TaskState.Failed, false)]
    public void Condition_decides_and_a_finished_slot_stays_empty(RestartCondition condition, TaskState end, bool restarts)
    {
        SwarmTask first = Start(new RestartPolicySpec { Condition = condition, Delay = TimeSpan.Zero });
        End(first, end);
        Assert.Equal(restarts, Replacement(first) is not null);
        _cluster.Run(10 * Second);
        Assert.Equal(restarts ? 2 : 1, _cluster.Tasks("web").Length);
    }

    [Fact]
    public void Attempts_are_counted_from_the_kept_tasks_and_a_new_spec_counts_anew()
    {
        _cluster.Agents.Fate = _ => TaskState.Failed;
        var restart = new RestartPolicySpec { MaxAttempts = 7, Delay = TimeSpan.Zero };
        _cluster.Create(Things.Service("web", restart: restart));
        _cluster.Run(40 * Second);
        Assert.Equal(8, _cluster.Tasks("web").Length);
        _cluster.Update(_cluster.Service("web").Updated(Things.Spec("web", image: "b", restart: restart) with { Update = new UpdateConfig { FailureAction = UpdateFailureAction.Continue } }));
        _cluster.Run(40 * Second);
        Assert.Equal(8, _cluster.Tasks("web").Count(t => t.Spec.Container.Image == "b"));
    }

    [Fact]
    public void Attempts_outside_the_window_are_forgotten()
    {
        SwarmTask task = Start(new RestartPolicySpec { MaxAttempts = 2, Window = 10 * Second, Delay = TimeSpan.Zero });
        for (int i = 0; i < 6; i++)
        {
            _cluster.Run(8 * Second);
            End(task);
            task = Replacement(task)!;
        }

        End(task);
        Assert.Null(Replacement(task));
    }

    [Fact]
    public void Tasks_of_a_lost_node_are_replaced_at_once()
    {
        SwarmTask lost = Start();
        Node node = _cluster.View.Nodes.Find(lost.Node!.Value)!;
        _cluster.Update(node with { Status = node.Status with { State = NodeState.Down, Since = _cluster.Now } });
        _cluster.Settle();
        SwarmTask next = Replacement(lost)!;
        Assert.Equal((TaskState.Running, TaskState.Assigned), (next.DesiredState, next.Status.State));
        Assert.NotEqual(node.Id, next.Node);
        Assert.Equal(TaskState.Shutdown, _cluster.View.Tasks.Find(lost.Id)!.DesiredState);
        _cluster.Run(TimeSpan.FromHours(24), TimeSpan.FromHours(1));
        Assert.Equal(TaskState.Orphaned, _cluster.View.Tasks.Find(lost.Id)!.Status.State);
    }

    [Fact]
    public void Drained_node_hands_over_only_when_the_old_task_has_stopped()
    {
        SwarmTask old = Start();
        Node node = _cluster.View.Nodes.Find(old.Node!.Value)!;
        _cluster.Update(node with { Spec = node.Spec with { Availability = NodeAvailability.Drain } });
        _cluster.Settle();
        Assert.Equal((TaskState.Ready, old.Id), (Replacement(old)!.DesiredState, Replacement(old)!.After));
        _cluster.Run(Second);
        Assert.Equal(TaskState.Shutdown, _cluster.View.Tasks.Find(old.Id)!.Status.State);
        Assert.Equal(TaskState.Running, Replacement(old)!.DesiredState);
        Assert.NotEqual(node.Id, Replacement(old)!.Node);
    }

    [Fact]
    public void Task_that_will_not_stop_is_waited_for_a_minute()
    {
        SwarmTask old = Start();
        Node node = _cluster.View.Nodes.Find(old.Node!.Value)!;
        _cluster.Agents.Stubborn = old.Id;
        _cluster.Update(node with { Spec = node.Spec with { Availability = NodeAvailability.Drain } });
        _cluster.Run(59 * Second);
        Assert.Equal(TaskState.Ready, Replacement(old)!.DesiredState);
        _cluster.Run(2 * Second);
        Assert.Equal(TaskState.Running, Replacement(old)!.DesiredState);
    }

    [Fact]
    public void Removed_node_orphans_its_tasks()
    {
        SwarmTask old = Start();
        _cluster.Apply(StoreChange.Remove.Of(_cluster.View.Nodes.Find(old.Node!.Value)!));
        _cluster.Settle();
        Assert.Equal(TaskState.Orphaned, _cluster.View.Tasks.Find(old.Id)!.Status.State);
        Assert.NotNull(Replacement(old));
    }

    [Fact]
    public void History_is_kept_to_the_limit()
    {
        SwarmTask task = Start(new RestartPolicySpec { Delay = TimeSpan.Zero });
        for (int i = 0; i < 12; i++)
        {
            _cluster.Run(2 * Second);
            End(task);
            task = Replacement(task)!;
        }

        Assert.Equal(5, _cluster.Tasks("web").Length);
    }

    [Fact]
    public void Node_that_no_longer_satisfies_a_constraint_loses_the_task()
    {
        Node[] nodes = [.. _cluster.View.Nodes];
        _cluster.Update(nodes[0] with { Spec = nodes[0].Spec with { Annotations = Annotations.Unnamed with { Labels = ValueMap<string, string>.Empty.Set("disk", "ssd") } } });
        ServiceSpec spec = Things.Spec("web", restart: new RestartPolicySpec { Delay = TimeSpan.Zero });
        _cluster.Create(Things.Service("web") with { Spec = spec with { Task = spec.Task with { Placement = new Placement { Constraints = ["node.labels.disk == ssd"] } } } });
        _cluster.Run(3 * Second);
        SwarmTask task = _cluster.Running("web")[0];
        _cluster.Update(_cluster.View.Nodes.Find(nodes[0].Id)! with { Spec = nodes[0].Spec });
        _cluster.Settle();
        SwarmTask stopping = _cluster.View.Tasks.Find(task.Id)!;
        Assert.Equal(("assigned node no longer meets constraints", TaskState.Shutdown), (stopping.Status.Error, stopping.DesiredState));
        Assert.True(stopping.HoldsResources); // Until it is seen to have ended.
        _cluster.Run(2 * Second);
        Assert.Equal(TaskState.Shutdown, _cluster.View.Tasks.Find(task.Id)!.Status.State);
        Assert.Equal("no suitable node (scheduling constraints not satisfied on 3 nodes)", Replacement(task)!.Status.Error);
    }

    [Fact]
    public void Global_service_follows_nodes_that_come_drain_and_return()
    {
        _cluster.Create(Things.Service("web") with { Spec = Things.Spec("web") with { Mode = new ServiceMode.Global() } });
        _cluster.Create(Things.Node("n4"));
        _cluster.Run(3 * Second);
        Assert.Equal(4, _cluster.Running("web").Length);
        Node node = _cluster.View.Nodes.Find(new NodeId("n4"))!;
        _cluster.Update(node with { Spec = node.Spec with { Availability = NodeAvailability.Drain } });
        _cluster.Run(3 * Second);
        Assert.Equal(3, _cluster.Running("web").Length);
        node = _cluster.View.Nodes.Find(new NodeId("n4"))!;
        _cluster.Update(node with { Spec = node.Spec with { Availability = NodeAvailability.Active } });
        _cluster.Run(3 * Second);
        Assert.Equal(4, _cluster.Running("web").Length);
    }
}
