using Skep.Model;
using Skep.Store;

namespace Skep.Manager.Tests.Orchestration;

public sealed class UpdateTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly SimCluster _cluster = new(7, nodes: 3);

    private static ServiceSpec Spec(string image, UpdateConfig? update = null, ulong replicas = 4) => Things.Spec("web", replicas, image) with { Update = update };

    private UpdateStatus Status => _cluster.Service("web").UpdateStatus!;

    private IEnumerable<string> Images => _cluster.Running("web").Select(t => t.Spec.Container.Image).Order(StringComparer.Ordinal);

    private void Start(UpdateConfig? update = null)
    {
        _cluster.Create(Things.Service("web") with { Spec = Spec("a", update) });
        _cluster.Run(3 * Second);
        Assert.Equal("aaaa", string.Concat(Images));
    }

    private void Change(string image, UpdateConfig? update = null)
    {
        _cluster.Update(_cluster.Service("web").Updated(Spec(image, update)));
        _cluster.Settle();
    }

    [Fact]
    public void One_slot_at_a_time_and_done_after_the_last_was_watched()
    {
        Start();
        int fewest = int.MaxValue;
        _cluster.Check = (_, view) => fewest = Math.Min(fewest, view.Tasks.Count(t => t is { DesiredState: TaskState.Running, Status.State: TaskState.Running }));
        Change("b");
        Assert.Equal((UpdateState.Updating, "update in progress"), (Status.State, Status.Message));
        _cluster.Run(8 * Second);
        Assert.Equal("bbbb", string.Concat(Images));
        Assert.Equal(UpdateState.Updating, Status.State);
        _cluster.Run(6 * Second);
        Assert.Equal((UpdateState.Completed, "update completed"), (Status.State, Status.Message));
        Assert.NotNull(Status.CompletedAt);
        Assert.Equal(3, fewest);
    }

    [Fact]
    public void Start_first_never_has_fewer_tasks_running()
    {
        var config = new UpdateConfig { Order = UpdateOrder.StartFirst, Parallelism = 2 };
        Start(config);
        int fewest = int.MaxValue;
        _cluster.Check = (_, view) => fewest = Math.Min(fewest, view.Tasks.Count(t => t is { Status.State: TaskState.Running, DesiredState: TaskState.Running }));
        Change("b", config);
        _cluster.Run(12 * Second);
        Assert.Equal("bbbb", string.Concat(Images));
        Assert.Equal(UpdateState.Completed, Status.State);
        Assert.Equal(4, fewest);
    }

    [Fact]
    public void Delay_is_kept_between_slots()
    {
        var config = new UpdateConfig { Delay = 10 * Second };
        Start(config);
        Change("b", config);
        _cluster.Run(9 * Second);
        Assert.Equal("aaab", string.Concat(Images));
        _cluster.Run(11 * Second);
        Assert.Equal("aabb", string.Concat(Images));
    }

    [Fact]
    public void Failure_pauses_and_the_rest_goes_on_as_it_was()
    {
        Start();
        _cluster.Agents.Fate = t => t.Spec.Container.Image == "bad" ? TaskState.Failed : null;
        Change("bad");
        _cluster.Run(5 * Second);
        Assert.Equal(UpdateState.Paused, Status.State);
        SwarmTask culprit = _cluster.Tasks("web").First(t => t.Status.State == TaskState.Failed);
        Assert.Equal($"update paused due to failure or early termination of task {culprit.Id}", Status.Message);
        Assert.Equal("aaa", string.Concat(Images));
        Change("c");
        _cluster.Run(20 * Second);
        Assert.Equal("cccc", string.Concat(Images));
        Assert.Equal(UpdateState.Completed, Status.State);
    }

    [Fact]
    public void Failure_goes_back_to_the_previous_spec()
    {
        var config = new UpdateConfig { FailureAction = UpdateFailureAction.Rollback };
        Start(config);
        _cluster.Agents.Fate = t => t.Spec.Container.Image == "bad" ? TaskState.Failed : null;
        Change("bad", config);
        _cluster.Run(3 * Second);
        Assert.Equal(UpdateState.RollbackStarted, Status.State);
        Assert.StartsWith("update rolled back due to failure or early termination of task ", Status.Message);
        _cluster.Run(15 * Second);
        Assert.Equal((UpdateState.RollbackCompleted, "rollback completed"), (Status.State, Status.Message));
        Assert.Equal("aaaa", string.Concat(Images));
        Assert.Null(_cluster.Service("web").PreviousSpec);
    }

    [Fact]
    public void Failing_rollback_pauses()
    {
        var config = new UpdateConfig { FailureAction = UpdateFailureAction.Rollback };
        Start(config);
        _cluster.Agents.Fate = t => t.SpecVersion != ObjectVersion.None ? TaskState.Failed : null;
        Change("bad", config);
        _cluster.Run(20 * Second);
        Assert.Equal(UpdateState.RollbackPaused, Status.State);
        Assert.StartsWith("rollback paused due to failure or early termination of task ", Status.Message);
    }

    [Fact]
    public void Failures_within_the_ratio_are_borne()
    {
        var config = new UpdateConfig { MaxFailureRatio = 0.25f };
        Start(config);
        _cluster.Agents.Fate = t => t.Spec.Container.Image == "b" && t.Slot == 1 && t.NotBefore is null ? TaskState.Failed : null;
        Change("b", config);
        _cluster.Run(30 * Second);
        Assert.Equal("bbbb", string.Concat(Images));
        Assert.Equal(UpdateState.Completed, Status.State);
    }

    [Fact]
    public void Failure_after_the_monitor_period_is_a_restart_like_any_other()
    {
        var config = new UpdateConfig { Delay = 3 * Second };
        Start(config);
        DateTimeOffset start = _cluster.Now;
        _cluster.Agents.Fate = t => t.RunningSince + (5.2 * Second) < _cluster.Now && t.Spec.Container.Image == "b" && t.Slot == 1 && _cluster.Now < start + (9 * Second) ? TaskState.Failed : null;
        Change("b", config);
        _cluster.Run(9 * Second);
        Assert.Contains(_cluster.Tasks("web"), t => t.Status.State == TaskState.Failed);
        _cluster.Run(30 * Second);
        Assert.Equal("bbbb", string.Concat(Images));
        Assert.Equal(UpdateState.Completed, Status.State);
    }

    [Fact]
    public void Start_first_keeps_the_old_task_while_new_ones_fail()
    {
        var config = new UpdateConfig { Order = UpdateOrder.StartFirst, FailureAction = UpdateFailureAction.Continue, Parallelism = 0 };
        Start(config);
        _cluster.Agents.Fate = t => t.Spec.Container.Image == "bad" ? TaskState.Failed : null;
        Change("bad", config);
        _cluster.Run(16 * Second);
        Assert.Equal("aaaa", string.Concat(Images));
        Assert.InRange(_cluster.Tasks("web").Count(t => t.Slot == 1 && t.Spec.Container.Image == "bad"), 2, 4);
    }

    [Fact]
    public void Constraint_that_the_nodes_satisfy_restarts_nothing()
    {
        Start();
        TaskId[] before = [.. _cluster.Running("web").Select(t => t.Id)];
        ServiceSpec spec = Spec("a");
        _cluster.Update(_cluster.Service("web").Updated(spec with { Task = spec.Task with { Placement = new Placement { Constraints = ["node.role == worker"] } } }));
        _cluster.Run(3 * Second);
        Assert.Equal(before, _cluster.Running("web").Select(t => t.Id));
        Assert.Null(_cluster.Service("web").UpdateStatus);
    }

    [Fact]
    public void Update_of_a_global_service_goes_node_by_node()
    {
        _cluster.Create(Things.Service("web") with { Spec = Spec("a") with { Mode = new ServiceMode.Global() } });
        _cluster.Run(3 * Second);
        Assert.Equal("aaa", string.Concat(Images));
        _cluster.Update(_cluster.Service("web").Updated(Spec("b") with { Mode = new ServiceMode.Global() }));
        _cluster.Run(2 * Second);
        Assert.InRange(Images.Count(), 2, 3);
        _cluster.Run(12 * Second);
        Assert.Equal("bbb", string.Concat(Images));
        Assert.Equal(UpdateState.Completed, Status.State);
    }

    [Fact]
    public void A_rollback_onto_a_port_that_was_taken_meanwhile_pauses_and_says_so()
    {
        var config = new UpdateConfig { FailureAction = UpdateFailureAction.Rollback };
        _cluster.Create(Things.Service("web") with { Spec = Spec("a", config).Publishing(Things.Port(80, 8080)) });
        _cluster.Run(3 * Second);
        _cluster.Agents.Fate = t => t.Spec.Container.Image == "bad" ? TaskState.Failed : null;
        _cluster.Update(_cluster.Service("web").Updated(Spec("bad", config)));
        _cluster.Settle();
        _cluster.Create(Things.Service("other") with { Spec = Things.Spec("other").Publishing(Things.Port(80, 8080)) });
        _cluster.Run(12 * Second);

        Assert.Equal(UpdateState.Paused, Status.State);
        Assert.Contains("cannot be rolled back: port '8080' is already in use by service 'other'", Status.Message, StringComparison.Ordinal);
    }
}
