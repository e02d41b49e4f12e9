namespace Skep.Model.Tests;

public sealed class NodePredicateTests
{
    [Theory]
    [InlineData(NodeState.Unknown, NodeAvailability.Active, false, true, false)]
    [InlineData(NodeState.Unknown, NodeAvailability.Pause, false, true, false)]
    [InlineData(NodeState.Unknown, NodeAvailability.Drain, false, false, false)]
    [InlineData(NodeState.Down, NodeAvailability.Active, true, false, false)]
    [InlineData(NodeState.Down, NodeAvailability.Pause, true, false, false)]
    [InlineData(NodeState.Down, NodeAvailability.Drain, true, false, false)]
    [InlineData(NodeState.Ready, NodeAvailability.Active, false, true, true)]
    [InlineData(NodeState.Ready, NodeAvailability.Pause, false, true, false)]
    [InlineData(NodeState.Ready, NodeAvailability.Drain, false, false, false)]
    public void State_and_availability_say_which_tasks_a_node_may_have(NodeState state, NodeAvailability availability, bool isDown, bool mayRun, bool takesNew)
    {
        Node node = Node(state, availability);

        Assert.Equal((isDown, mayRun, takesNew), (node.IsDown, node.MayRunTasks, node.TakesNewTasks));
    }

    [Fact]
    public void Table_above_names_every_state_and_availability()
        => Assert.Equal((3, 3), (Enum.GetValues<NodeState>().Length, Enum.GetValues<NodeAvailability>().Length));

    [Theory]
    [InlineData(NodeRole.Worker, NodeRole.Worker, false)]
    [InlineData(NodeRole.Worker, NodeRole.Manager, true)]
    [InlineData(NodeRole.Manager, NodeRole.Worker, false)]
    [InlineData(NodeRole.Manager, NodeRole.Manager, true)]
    public void Wanted_role_decides_who_is_to_be_a_manager(NodeRole role, NodeRole desired, bool isToBeManager)
    {
        Node node = Node(NodeState.Ready, NodeAvailability.Active);

        Assert.Equal(isToBeManager, (node with { Role = role, Spec = node.Spec with { DesiredRole = desired } }).IsToBeManager);
    }

    internal static Node Node(NodeState state, NodeAvailability availability) => new(new NodeId("a"))
    {
        Spec = new NodeSpec(Annotations.Unnamed) { Availability = availability },
        Status = NodeStatus.Unknown with { State = state },
    };
}
