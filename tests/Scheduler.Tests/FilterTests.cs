using static Skep.Scheduler.Tests.Things;

namespace Skep.Scheduler.Tests;

public sealed class FilterTests
{
    [Fact]
    public void Without_nodes_the_reason_is_short()
        => Assert.Equal("no suitable node", Assert.Single(Place(Many(1)).Unplaced).Reason);

    [Fact]
    public void Reasons_are_counted_per_first_filter_and_the_most_frequent_comes_first()
    {
        Placements placements = Place(
            [Node("a", cpus: 1), Node("b"), Node("c"), Node("d") with { Status = NodeStatus.Unknown }],
            Many(1, spec: Spec(new Placement { Constraints = ["node.role == manager"] }, new Resources(2_000_000_000, 0))));

        Assert.Equal(
            "no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available for new tasks; insufficient resources on 1 node)",
            Assert.Single(placements.Unplaced).Reason);
    }

    [Theory]
    [InlineData(NodeState.Down, NodeAvailability.Active)]
    [InlineData(NodeState.Unknown, NodeAvailability.Active)]
    [InlineData(NodeState.Ready, NodeAvailability.Pause)]
    [InlineData(NodeState.Ready, NodeAvailability.Drain)]
    public void Nodes_that_are_not_ready_or_not_active_get_nothing(NodeState state, NodeAvailability availability)
    {
        Node node = Node("a");
        node = node with { Status = node.Status with { State = state }, Spec = node.Spec with { Availability = availability } };

        Assert.Equal("no suitable node (1 node not available for new tasks)", Assert.Single(Place([node], Many(1)).Unplaced).Reason);
    }

    [Fact]
    public void Reservations_of_tasks_already_there_and_of_those_just_placed_count()
    {
        TaskSpec big = Spec(reservations: new Resources(1_500_000_000, 0));

        Placements placements = Place([Node("a"), Node("b")], [Running("r", "a", "other", big)], Many(5, spec: big));

        Assert.Equal("a1 b2", placements.Shares());
        Assert.All(placements.Unplaced, u => Assert.Equal("no suitable node (insufficient resources on 2 nodes)", u.Reason));
    }

    [Fact]
    public void Groups_see_what_groups_before_them_took()
    {
        TaskSpec memory = Spec(reservations: new Resources(0, 600 << 20));

        Placements placements = Place([Node("a"), Node("b")], Many(1, "s1", memory), Many(1, "s2", memory), Many(1, "s3", memory));

        Assert.Equal("a1 b1", placements.Shares());
        Assert.Equal("s3", Assert.Single(placements.Unplaced).Task.ServiceId.Value);
    }

    [Fact]
    public void Limits_and_ended_tasks_hold_nothing()
    {
        TaskSpec all = Spec(reservations: new Resources(4_000_000_000, 0));
        TaskSpec limited = Spec() with { Limits = new Resources(100_000_000_000, 1L << 50) };
        SwarmTask ended = Running("r", "a", "other", all) with { Status = new SwarmTaskStatus(TaskState.Complete, Noon) };

        Assert.Equal("a2", Place([Node("a")], [ended], Many(1, "s1", all), Many(1, "s2", limited)).Shares());
    }

    [Fact]
    public void A_stopping_task_holds_its_resources_until_it_has_stopped()
    {
        TaskSpec all = Spec(reservations: new Resources(4_000_000_000, 0));

        Assert.Empty(Place([Node("a")], [Running("r", "a", "other", all) with { DesiredState = TaskState.Shutdown }], Many(1, spec: all)).Placed);
    }

    [Fact]
    public void Generic_resources_are_counted_whether_named_or_not()
    {
        Node node = Node("a");
        node = node with
        {
            Description = node.Description! with
            {
                Resources = node.Description.Resources with { Generic = [new GenericResource("gpu", 0, "UUID1"), new GenericResource("gpu", 0, "UUID2"), new GenericResource("fpga", 3, null)] },
            },
        };

        Assert.Equal("a2", Place([node], Many(3, spec: Spec(reservations: new Resources(0, 0) { Generic = [new GenericResource("gpu", 1, null)] }))).Shares());
        Assert.Equal("a1", Place([node], Many(3, spec: Spec(reservations: new Resources(0, 0) { Generic = [new GenericResource("fpga", 2, null)] }))).Shares());
        Assert.Empty(Place([node], Many(1, spec: Spec(reservations: new Resources(0, 0) { Generic = [new GenericResource("tpu", 1, null)] }))).Placed);
    }

    [Fact]
    public void Host_ports_are_taken_once_per_node_and_protocol()
    {
        SwarmTask[] tasks = [.. Many(3).Select(t => t.OnHostPort(80))];

        Placements placements = Place([Node("a"), Node("b")], [Running("r", "a", "dns").OnHostPort(80, PortProtocol.Udp)], tasks);

        Assert.Equal("a1 b1", placements.Shares());
        Assert.Equal("no suitable node (host-mode port already in use on 2 nodes)", Assert.Single(placements.Unplaced).Reason);
    }

    [Fact]
    public void A_host_port_stays_taken_until_its_task_is_seen_to_have_stopped()
        => Assert.Empty(Place([Node("a")], [Running("r", "a", "old").OnHostPort(80) with { DesiredState = TaskState.Remove }], [Pending("t").OnHostPort(80)]).Placed);

    [Fact]
    public void No_node_gets_more_than_the_most_replicas_allowed()
    {
        TaskSpec spec = Spec(new Placement { MaxReplicasPerNode = 2 });

        Placements placements = Place([Node("a"), Node("b")], [Running("r", "a", "s", spec)], Many(5, spec: spec));

        Assert.Equal("a1 b2", placements.Shares());
        Assert.Equal("no suitable node (max replicas per node limit exceed)", placements.Unplaced[0].Reason);
    }

    [Theory]
    [InlineData("amd64", "linux", true)]
    [InlineData("x86_64", "", true)]
    [InlineData("", "linux", true)]
    [InlineData("arm64", "linux", false)]
    [InlineData("amd64", "windows", false)]
    public void The_platform_must_fit(string architecture, string os, bool fits)
    {
        Placements placements = Place([Node("a")], Many(1, spec: Spec(new Placement { Platforms = [new Platform("s390x", "linux"), new Platform(architecture, os)] })));

        Assert.Equal(fits ? 1 : 0, placements.Placed.Length);
        Assert.All(placements.Unplaced, u => Assert.Equal("no suitable node (unsupported platform on 1 node)", u.Reason));
    }

    [Fact]
    public void Drivers_of_volumes_networks_and_logs_must_be_there()
    {
        Node plain = WithPlugins("a", ("Network", "overlay"), ("Log", "json-file"));
        Node rich = WithPlugins("b", ("Network", "overlay"), ("Network", "macvlan"), ("Volume", "nfs:latest"), ("Log", "json-file"), ("Log", "syslog"));
        var network = new Network(new NetworkId("net")) { Spec = new NetworkSpec(new Annotations("net")) { Driver = new Driver("macvlan") } };
        TaskSpec volume = Spec() with { Container = new ContainerSpec("i") { Mounts = [new Mount(MountKind.Volume, "v", "/v") { Volume = new VolumeOptions { Driver = new Driver("nfs") } }] } };

        Assert.Equal("b1", Place([plain, rich], Many(1, spec: volume)).Shares());
        Assert.Equal("b1", Place([plain, rich], Many(1, spec: Spec() with { LogDriver = new Driver("syslog") })).Shares());
        Assert.Equal("b1", Place([plain, rich, network], [Pending("t") with { Networks = [new NetworkAttachment(network.Id, null, 0)] }]).Shares());
        Assert.Equal("no suitable node (missing plugin on 1 node)", Place([plain], Many(1, spec: volume)).Unplaced[0].Reason);
        Assert.Single(Place([plain], Many(1, spec: Spec() with { LogDriver = new Driver("none") })).Placed);
        Assert.Single(Place([Node("c")], Many(1, spec: Spec() with { LogDriver = new Driver("syslog") })).Placed);
    }

    [Fact]
    public void A_constraint_that_cannot_be_read_is_never_satisfied()
        => Assert.Equal("no suitable node (scheduling constraints not satisfied on 1 node)", Place([Node("a")], Many(1, spec: Where("what"))).Unplaced[0].Reason);

    [Fact]
    public void Global_tasks_are_only_checked_against_their_own_node()
    {
        TaskSpec big = Spec(reservations: new Resources(3_000_000_000, 0));
        SwarmTask OnNode(string id, string node) => Pending(id, "global", 0, big) with { Node = new NodeId(node) };

        Placements placements = Place([Node("a"), Node("b", cpus: 2)], [OnNode("t1", "a"), OnNode("t2", "b"), OnNode("t3", "gone")], Many(1, "other", big));

        Assert.Equal(new PlacedTask(OnNode("t1", "a"), new NodeId("a")), Assert.Single(placements.Placed));
        Assert.Equal(
            ["insufficient resources on 1 node", "its node does not exist", "no suitable node (insufficient resources on 2 nodes)"],
            placements.Unplaced.Select(u => u.Reason));
    }

    private static Node WithPlugins(string id, params (string Type, string Name)[] plugins)
    {
        Node node = Node(id);
        return node with { Description = node.Description! with { Plugins = [.. plugins.Select(p => new EnginePlugin(p.Type, p.Name))] } };
    }
}
