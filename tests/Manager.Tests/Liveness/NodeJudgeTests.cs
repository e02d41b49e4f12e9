using Skep.Manager.Liveness;
using Skep.Model;

namespace Skep.Manager.Tests.Liveness;

public sealed class NodeJudgeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4.5);
    private static readonly DateTimeOffset Then = new(2026, 12, 1, 9, 0, 0, TimeSpan.Zero), Now = Then.AddHours(1);

    [Theory]
    [InlineData(NodeState.Unknown, 1.0, true, NodeState.Ready)] // its first word
    [InlineData(NodeState.Unknown, 1.0, false, NodeState.Unknown)] // it has time to speak
    [InlineData(NodeState.Unknown, 5.0, false, NodeState.Down)]
    [InlineData(NodeState.Ready, 4.5, true, NodeState.Ready)]
    [InlineData(NodeState.Ready, 4.6, true, NodeState.Down)]
    [InlineData(NodeState.Ready, 1.0, false, NodeState.Ready)] // a new leader's grace
    [InlineData(NodeState.Ready, 4.6, false, NodeState.Down)]
    [InlineData(NodeState.Down, 4.6, true, NodeState.Down)]
    [InlineData(NodeState.Down, 0.0, true, NodeState.Ready)]
    [InlineData(NodeState.Down, 0.0, false, NodeState.Down)] // what a leader does not know is no sign of life
    public void A_state_follows_from_what_was_heard(NodeState was, double age, bool isHeard, NodeState expected)
    {
        NodeStatus? status = NodeJudge.Judge(Node(was), new SignOfLife(TimeSpan.FromSeconds(age), isHeard), Limit, Now);

        Assert.Equal(expected == was ? null : expected, status?.State);
        Assert.Equal(expected == was ? null : Now, status?.Since);
        Assert.Equal(expected == was ? null : "10.0.0.9", status?.Address);
    }

    [Theory]
    [InlineData(NodeState.Unknown)]
    [InlineData(NodeState.Ready)]
    [InlineData(NodeState.Down)]
    public void What_is_not_known_changes_nothing(NodeState was)
    {
        Assert.Null(NodeJudge.Judge(Node(was), null, Limit, Now));
        Assert.Null(NodeJudge.Judge(Node(was) with { Description = null }, new SignOfLife(TimeSpan.Zero, IsHeard: true), Limit, Now));
    }

    private static Node Node(NodeState state) => new(new NodeId("n"))
    {
        Spec = new NodeSpec(Annotations.Unnamed),
        Description = new NodeDescription("n", new Platform("x86_64", "linux"), new Resources(1, 1)),
        Status = new NodeStatus(state, "", "10.0.0.9") { Since = Then },
    };
}
