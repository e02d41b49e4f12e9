using static Skep.Scheduler.Tests.Things;

namespace Skep.Scheduler.Tests;

public sealed class ConstraintTests
{
    private static readonly Node Subject = Node("id1", labels: [("zone", "East"), ("Disk", "ssd")]) with
    {
        Role = NodeRole.Manager,
        Status = new NodeStatus(NodeState.Ready, "", "192.168.7.20"),
        Description = Node("id1").Description! with { EngineLabels = ValueMap<string, string>.Empty.Set("storage", "nvme") },
    };

    [Theory]
    [InlineData("node.id == ID1", true)]
    [InlineData("node.id != id1", false)]
    [InlineData("node.hostname==host-id1", true)]
    [InlineData("NODE.HOSTNAME == HOST-ID1", true)]
    [InlineData("node.role == manager", true)]
    [InlineData("node.role==worker", false)]
    [InlineData("node.role != worker", true)]
    [InlineData("node.platform.os == linux", true)]
    [InlineData("node.platform.arch == x86_64", true)]
    [InlineData("node.platform.arch == amd64", true)]
    [InlineData("node.platform.arch != arm64", true)]
    [InlineData("node.labels.zone == east", true)]
    [InlineData("Node.Labels.zone == east", true)]
    [InlineData("node.labels.Zone == east", false)]
    [InlineData("node.labels.missing == east", false)]
    [InlineData("node.labels.missing != east", true)]
    [InlineData("engine.labels.storage == nvme", true)]
    [InlineData("engine.labels.storage != nvme", false)]
    [InlineData("node.ip == 192.168.7.20", true)]
    [InlineData("node.ip != 192.168.7.20", false)]
    [InlineData("node.ip == 192.168.0.0/16", true)]
    [InlineData("node.ip == 192.168.7.16/29", true)]
    [InlineData("node.ip == 192.168.7.24/29", false)]
    [InlineData("node.ip != 10.0.0.0/8", true)]
    [InlineData("node.ip == 2001:db8::/32", false)]
    [InlineData("node.ip == 0.0.0.0/0", true)]
    public void A_node_matches(string text, bool expected) => Assert.Equal(expected, Constraint.Parse(text).Matches(Subject));

    [Theory]
    [InlineData("node.id", "constraint expected one operator from ==, !=")]
    [InlineData("node.id = a", "constraint expected one operator from ==, !=")]
    [InlineData("node.id === a", "value '= a' is invalid")]
    [InlineData("1node==a", "key '1node' is invalid")]
    [InlineData(" == a", "key '' is invalid")]
    [InlineData("node.id ==", "value '' is invalid")]
    [InlineData("node.labels.a == b>c", "value 'b>c' is invalid")]
    [InlineData("node.ip == somewhere", "value 'somewhere' is invalid: node.ip expects an address or a subnet")]
    [InlineData("node.ip == 10.0.0.0/33", "value '10.0.0.0/33' is invalid: node.ip expects an address or a subnet")]
    public void What_cannot_be_read_is_refused_with_the_reason(string text, string error)
    {
        ClusterException refused = Assert.Throws<ClusterException>(() => Constraint.Parse(text));

        Assert.Equal(ErrorKind.InvalidArgument, refused.Kind);
        Assert.Equal(error, refused.Message);
    }

    [Theory]
    [InlineData("node.name == a")]
    [InlineData("node.labels. == a")]
    [InlineData("label == a")]
    public void Unknown_keys_are_refused(string text)
        => Assert.Contains("expected node.id", Assert.Throws<ClusterException>(() => Constraint.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_node_without_description_has_empty_traits()
    {
        Node silent = Subject with { Description = null };

        Assert.False(Constraint.Parse("node.hostname == a").Matches(silent));
        Assert.True(Constraint.Parse("node.platform.os != linux").Matches(silent));
        Assert.True(Constraint.Parse("engine.labels.storage != nvme").Matches(silent));
    }

    [Fact]
    public void All_constraints_must_match_and_unreadable_ones_never_do()
    {
        Assert.True(Constraint.AllMatch(["node.role==manager", "node.labels.zone==east"], Subject));
        Assert.False(Constraint.AllMatch(["node.role==manager", "node.labels.zone==west"], Subject));
        Assert.False(Constraint.AllMatch(["rubbish"], Subject));
        Assert.True(Constraint.AllMatch([], Subject));
    }

    [Fact]
    public void Only_labels_can_be_spread_over()
    {
        Assert.Equal("East", SpreadLabel.Parse("node.labels.zone").Of(Subject));
        Assert.Equal("", SpreadLabel.Parse("engine.labels.none").Of(Subject));
        Assert.Throws<ClusterException>(() => SpreadLabel.Parse("node.hostname"));
    }
}
