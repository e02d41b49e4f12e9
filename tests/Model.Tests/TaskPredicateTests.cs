namespace Skep.Model.Tests;

public sealed class TaskPredicateTests
{
    private static readonly NodeId NodeA = new("a");

    [Theory]
    [InlineData(TaskState.New, false, false, false, false)]
    [InlineData(TaskState.Pending, false, false, false, false)]
    [InlineData(TaskState.Assigned, true, false, false, true)]
    [InlineData(TaskState.Accepted, true, false, false, true)]
    [InlineData(TaskState.Preparing, true, false, false, true)]
    [InlineData(TaskState.Ready, true, false, false, true)]
    [InlineData(TaskState.Starting, true, false, false, true)]
    [InlineData(TaskState.Running, true, true, false, true)]
    [InlineData(TaskState.Complete, true, false, true, false)]
    [InlineData(TaskState.Shutdown, true, false, true, false)]
    [InlineData(TaskState.Failed, true, false, true, false)]
    [InlineData(TaskState.Rejected, true, false, true, false)]
    [InlineData(TaskState.Remove, true, false, true, false)]
    [InlineData(TaskState.Orphaned, true, false, true, false)]
    public void Observed_state_says_how_far_a_task_is_and_what_it_holds(TaskState state, bool isAssigned, bool isRunning, bool hasEnded, bool holds)
    {
        SwarmTask task = Task(state);

        Assert.Equal((isAssigned, isRunning, hasEnded), (task.IsAssigned, task.IsRunning, task.HasEnded));
        Assert.Equal(hasEnded, state.HasEnded);
        Assert.Equal(holds, task.HoldsResources);
        Assert.False((task with { Node = null }).HoldsResources);
    }

    [Theory]
    [InlineData(TaskState.New, false, false, false)]
    [InlineData(TaskState.Pending, false, false, false)]
    [InlineData(TaskState.Assigned, false, false, false)]
    [InlineData(TaskState.Accepted, false, false, false)]
    [InlineData(TaskState.Preparing, false, false, false)]
    [InlineData(TaskState.Ready, false, false, false)]
    [InlineData(TaskState.Starting, false, false, false)]
    [InlineData(TaskState.Running, false, false, false)]
    [InlineData(TaskState.Complete, true, false, true)]
    [InlineData(TaskState.Shutdown, false, false, false)]
    [InlineData(TaskState.Failed, false, true, true)]
    [InlineData(TaskState.Rejected, false, true, true)]
    [InlineData(TaskState.Remove, false, false, false)]
    [InlineData(TaskState.Orphaned, false, false, false)]
    public void Observed_state_says_how_a_task_ended(TaskState state, bool hasCompleted, bool hasFailed, bool endedByItself)
    {
        SwarmTask task = Task(state);

        Assert.Equal((hasCompleted, hasFailed, endedByItself), (task.HasCompleted, task.HasFailed, task.EndedByItself));
    }

    [Theory]
    [InlineData(TaskState.New, true, false, false)]
    [InlineData(TaskState.Pending, true, false, false)]
    [InlineData(TaskState.Assigned, true, false, false)]
    [InlineData(TaskState.Accepted, true, false, false)]
    [InlineData(TaskState.Preparing, true, false, false)]
    [InlineData(TaskState.Ready, true, false, false)]
    [InlineData(TaskState.Starting, true, false, false)]
    [InlineData(TaskState.Running, true, false, false)]
    [InlineData(TaskState.Complete, true, true, false)]
    [InlineData(TaskState.Shutdown, false, true, false)]
    [InlineData(TaskState.Failed, false, true, false)]
    [InlineData(TaskState.Rejected, false, true, false)]
    [InlineData(TaskState.Remove, false, true, true)]
    [InlineData(TaskState.Orphaned, false, true, true)]
    public void Desired_state_says_what_is_asked_of_a_task(TaskState desired, bool isWanted, bool isToEnd, bool isToBeRemoved)
    {
        SwarmTask task = Task(TaskState.Running, desired);

        Assert.Equal((isWanted, isToEnd, isToBeRemoved), (task.IsWanted, task.IsToEnd, task.IsToBeRemoved));
        Assert.Equal((!isWanted, isToBeRemoved), (desired.AsksToStop, desired.AsksToRemove));
    }

    [Fact]
    public void Tables_above_name_every_state()
        => Assert.All(
            [nameof(Observed_state_says_how_far_a_task_is_and_what_it_holds), nameof(Observed_state_says_how_a_task_ended), nameof(Desired_state_says_what_is_asked_of_a_task)],
            table => Assert.Equal(
                Enum.GetValues<TaskState>(),
                typeof(TaskPredicateTests).GetMethod(table)!.GetCustomAttributesData().Where(a => a.AttributeType == typeof(InlineDataAttribute))
                    .Select(a => (TaskState)((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!)[0].Value!)));

    [Fact]
    public void A_task_is_live_while_it_is_wanted_and_has_not_ended()
        => Assert.All(Pairs(), task => Assert.Equal(task.DesiredState <= TaskState.Complete && task.Status.State <= TaskState.Running, task.IsLive));

    [Fact]
    public void Only_wanted_pending_tasks_wait_for_a_node()
        => Assert.All(Pairs(), task => Assert.Equal(task.DesiredState <= TaskState.Complete && task.Status.State == TaskState.Pending, task.WaitsForNode));

    [Theory]
    [InlineData(NodeState.Unknown, true)]
    [InlineData(NodeState.Ready, true)]
    [InlineData(NodeState.Down, false)]
    public void A_task_may_still_run_until_it_has_ended_or_its_node_is_lost(NodeState state, bool mayRun)
    {
        Node node = NodePredicateTests.Node(state, NodeAvailability.Active);

        Assert.All(Enum.GetValues<TaskState>(), observed => Assert.Equal(mayRun && observed <= TaskState.Running, Task(observed).MayStillRun(node)));
        Assert.False(Task(TaskState.Running).MayStillRun(null));
        Assert.False((Task(TaskState.Running) with { Node = null }).MayStillRun(node));
    }

    private static IEnumerable<SwarmTask> Pairs()
        => Enum.GetValues<TaskState>().SelectMany(observed => Enum.GetValues<TaskState>().Select(desired => Task(observed, desired)));

    private static SwarmTask Task(TaskState observed, TaskState desired = TaskState.Running) => new(new TaskId("t"), new ServiceId("s"), 1)
    {
        Node = NodeA,
        Spec = new TaskSpec { Container = new ContainerSpec("image") },
        ServiceAnnotations = new Annotations("web"),
        Status = new SwarmTaskStatus(observed, default),
        DesiredState = desired,
    };
}
