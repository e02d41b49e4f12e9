using static Skep.Scheduler.Tests.Things;

namespace Skep.Scheduler.Tests;

public sealed class SpreadTests
{
    [Fact]
    public void Tasks_go_where_their_service_has_fewest()
        => Assert.Equal("a1 b3 c3", Place([Node("a"), Node("b"), Node("c")], [Running("r1", "a"), Running("r2", "a")], Many(7)).Shares());

    [Fact]
    public void Equal_nodes_are_told_apart_by_all_their_tasks()
        => Assert.Equal("b2", Place([Node("a"), Node("b")], [Running("r1", "a", "x"), Running("r2", "a", "x"), Running("r3", "a", "y")], Many(1, "s1"), Many(1, "s2")).Shares());

    [Fact]
    public void Tasks_that_are_to_stop_do_not_count_as_load()
        => Assert.Equal("a1", Place([Node("a"), Node("b")], [Running("r1", "a") with { DesiredState = TaskState.Shutdown }, Running("r2", "b")], Many(1)).Shares());

    [Fact]
    public void Many_tasks_end_up_even()
    {
        Placements placements = Place(Enumerable.Range(0, 10).Select(i => Node($"n{i}")), Many(95));

        Assert.All(placements.Placed.CountBy(p => p.Node), p => Assert.InRange(p.Value, 9, 10));
    }

    [Fact]
    public void Tasks_are_spread_over_label_values_before_nodes()
    {
        Node[] nodes = [Node("a", labels: ("rack", "1")), Node("b", labels: ("rack", "2")), Node("c", labels: ("rack", "2")), Node("d", labels: ("rack", "2")), Node("e")];

        Assert.Equal("a4 b2 c1 d1 e4", Place(nodes, Many(12, spec: Over("node.labels.rack"))).Shares());
    }

    [Fact]
    public void Outer_labels_are_evened_out_before_inner_ones()
    {
        Node[] nodes =
        [
            Node("a", labels: [("dc", "1"), ("rack", "1")]),
            Node("b", labels: [("dc", "1"), ("rack", "2")]),
            Node("c", labels: [("dc", "1"), ("rack", "2")]),
            Node("d", labels: [("dc", "2"), ("rack", "1")]),
        ];

        Assert.Equal("a4 b2 c2 d8", Place(nodes, Many(16, spec: Over("node.labels.dc", "node.labels.rack"))).Shares());
    }

    [Fact]
    public void Branches_count_what_runs_there_already_even_on_nodes_that_take_no_more()
    {
        Node paused = Node("a", labels: ("rack", "1"));
        paused = paused with { Spec = paused.Spec with { Availability = NodeAvailability.Pause } };

        Placements placements = Place(
            [paused, Node("b", labels: ("rack", "1")), Node("c", labels: ("rack", "2"))], [Running("r1", "a"), Running("r2", "a")], Many(4, spec: Over("node.labels.rack")));

        Assert.Equal("b1 c3", placements.Shares());
    }

    [Fact]
    public void A_full_branch_is_passed_over()
    {
        TaskSpec spec = Over("node.labels.rack") with { Reservations = new Resources(1_000_000_000, 0) };

        Placements placements = Place([Node("a", cpus: 1, labels: ("rack", "1")), Node("b", cpus: 9, labels: ("rack", "2"))], Many(8, spec: spec));

        Assert.Equal("a1 b7", placements.Shares());
    }

    [Fact]
    public void Nodes_that_failed_the_service_five_times_lately_are_used_last()
    {
        IEnumerable<SwarmTask> failures = Enumerable.Range(0, 5).Select(i => Failed($"f{i}", "a", Noon.AddMinutes(-1)));

        Assert.Equal("b3", Place([Node("a"), Node("b")], failures, Many(3)).Shares());
        Assert.Equal("a2 b1", Place([Node("a"), Node("b")], failures.Take(4), Many(3)).Shares());
        Assert.Equal("a2 b1", Place([Node("a"), Node("b")], failures, Many(3, "other")).Shares());
        Assert.Equal("a2 b1", Place([Node("a"), Node("b")], failures, Many(3).Select(t => t with { SpecVersion = new ObjectVersion(9) })).Shares());
        Assert.Equal("a3", Place([Node("a")], failures, Many(3)).Shares());
    }

    [Fact]
    public void Failures_of_more_than_five_minutes_ago_are_forgotten()
        => Assert.Equal("a2 b1", Place([Node("a"), Node("b")], Enumerable.Range(0, 5).Select(i => Failed($"f{i}", "a", Noon.AddMinutes(-5))), Many(3)).Shares());

    [Fact]
    public void Groups_that_waited_longer_go_first()
    {
        TaskSpec big = Spec(reservations: new Resources(3_000_000_000, 0));

        Placements placements = Place([Node("a")], [Pending("t1", "young", 1, big) with { Version = new ObjectVersion(9) }, Pending("t2", "zold", 1, big)]);

        Assert.Equal("zold", Assert.Single(placements.Placed).Task.ServiceId.Value);
    }

    private static TaskSpec Over(params string[] labels) => Spec(new Placement { SpreadOver = [.. labels] });
}
