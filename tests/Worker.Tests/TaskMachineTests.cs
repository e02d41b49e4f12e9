using Skep.Worker.Tasks;

namespace Skep.Worker.Tests;

public sealed class TaskMachineTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Task_goes_through_every_state_to_running()
    {
        TaskCondition condition = At(TaskState.Assigned);
        TaskStep step = Decide(condition);
        Assert.Equal((TaskState.Accepted, TaskAction.Continue), Of(step));
        step = Decide(step.Condition);
        Assert.Equal((TaskState.Preparing, TaskAction.Prepare), Of(step));
        step = Decide(step.Condition, outcome: new TaskOutcome.Prepared("c"));
        Assert.Equal((TaskState.Ready, TaskAction.Continue), Of(step));
        step = Decide(step.Condition);
        Assert.Equal((TaskState.Starting, TaskAction.Start), Of(step));
        step = Decide(step.Condition, outcome: new TaskOutcome.Started(7, false));
        Assert.Equal((TaskState.Running, TaskAction.AwaitExit), Of(step));
        Assert.Equal(new ContainerStatus("c", 7, 0), step.Condition.Status.Container);
        step = Decide(step.Condition, outcome: new TaskOutcome.Exited(0, ""));
        Assert.Equal((TaskState.Complete, TaskAction.Continue), Of(step));
        Assert.Equal((TaskState.Complete, TaskAction.Wait), Of(Decide(step.Condition)));
    }

    [Fact]
    public void Ready_task_rests_until_it_is_to_run()
    {
        Assert.Equal((TaskState.Ready, TaskAction.Wait), Of(Decide(At(TaskState.Ready), TaskState.Ready)));
        Assert.Equal((TaskState.Starting, TaskAction.Start), Of(Decide(At(TaskState.Ready), TaskState.Running)));
        Assert.Equal((TaskState.Starting, TaskAction.Start), Of(Decide(At(TaskState.Ready), TaskState.Complete)));
    }

    [Fact]
    public void Health_checked_task_runs_only_once_healthy()
    {
        TaskStep step = Decide(At(TaskState.Starting), outcome: new TaskOutcome.Started(7, true));
        Assert.Equal((TaskState.Starting, TaskAction.AwaitHealth), Of(step));
        Assert.Equal((TaskState.Running, TaskAction.AwaitExit), Of(Decide(step.Condition, outcome: new TaskOutcome.Healthy())));
    }

    [Fact]
    public void Unhealthy_task_is_stopped_and_has_failed()
    {
        TaskStep step = Decide(At(TaskState.Running), outcome: new TaskOutcome.Unhealthy());
        Assert.Equal((TaskState.Running, TaskAction.Stop), Of(step));
        step = Decide(step.Condition, outcome: new TaskOutcome.Stopped(143));
        Assert.Equal(TaskState.Failed, step.Condition.Status.State);
        Assert.Equal("task: non-zero exit (143): unhealthy container", step.Condition.Status.Error);
    }

    [Fact]
    public void Failure_rejects_before_the_start_and_fails_after()
    {
        Assert.Equal(TaskState.Rejected, Decide(At(TaskState.Preparing), outcome: new TaskOutcome.Failed("No such image: x:latest")).Condition.Status.State);
        Assert.Equal(TaskState.Failed, Decide(At(TaskState.Starting), outcome: new TaskOutcome.Failed("runc")).Condition.Status.State);
    }

    [Fact]
    public void Task_that_ends_by_itself_while_being_stopped_keeps_its_own_end()
        => Assert.Equal(TaskState.Complete, Decide(At(TaskState.Running), TaskState.Shutdown, outcome: new TaskOutcome.Exited(0, "")).Condition.Status.State);

    [Theory]
    [InlineData(TaskState.Accepted)]
    [InlineData(TaskState.Preparing)]
    [InlineData(TaskState.Ready)]
    [InlineData(TaskState.Running)]
    public void Shutdown_stops_a_task_wherever_it_is(TaskState state)
    {
        TaskStep step = Decide(At(state), TaskState.Shutdown);
        Assert.Equal((state, TaskAction.Stop), Of(step));
        step = Decide(step.Condition, TaskState.Shutdown, outcome: new TaskOutcome.Stopped(null));
        Assert.Equal(TaskState.Shutdown, step.Condition.Status.State);
    }

    [Fact]
    public void Removed_task_is_stopped_then_removed()
    {
        Assert.Equal(TaskAction.Stop, Decide(At(TaskState.Running), removed: true).Next);
        Assert.Equal(TaskAction.Remove, Decide(At(TaskState.Shutdown), removed: true).Next);
        Assert.Equal(TaskAction.Remove, Decide(At(TaskState.Complete), TaskState.Remove).Next);
    }

    [Fact]
    public void States_never_go_backwards()
    {
        var random = new Random(5);
        TaskOutcome?[] outcomes = [null, new TaskOutcome.Prepared("c"), new TaskOutcome.Started(1, true), new TaskOutcome.Started(1, false), new TaskOutcome.Healthy(), new TaskOutcome.Unhealthy(), new TaskOutcome.Exited(1, ""), new TaskOutcome.Stopped(0), new TaskOutcome.Failed("x")];
        TaskState[] desired = [TaskState.Ready, TaskState.Running, TaskState.Complete, TaskState.Shutdown, TaskState.Remove];
        for (int run = 0; run < 2000; run++)
        {
            TaskCondition condition = At(TaskState.Assigned);
            for (int i = 0; i < 12; i++)
            {
                TaskStep step = Decide(condition, desired[random.Next(desired.Length)], outcomes[random.Next(outcomes.Length)], random.Next(5) == 0);
                Assert.True(step.Condition.Status.State >= condition.Status.State);
                condition = step.Condition;
            }
        }
    }

    private static TaskCondition At(TaskState state) => new(new SwarmTaskStatus(state, Now) { Container = state >= TaskState.Ready ? new ContainerStatus("c", 0, 0) : null });

    private static TaskStep Decide(TaskCondition condition, TaskState desired = TaskState.Running, TaskOutcome? outcome = null, bool removed = false)
        => TaskMachine.Decide(condition, desired, removed, outcome, Now);

    private static (TaskState, TaskAction) Of(TaskStep step) => (step.Condition.Status.State, step.Next);
}
