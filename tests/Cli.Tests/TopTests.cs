using Skep.Cli.Top;
using Skep.Wire;

namespace Skep.Cli.Tests;

/// <summary>The cluster at a glance.</summary>
public sealed class TopTests
{
    [Fact]
    public void Usage_of_tasks_adds_up_for_nodes_and_services()
    {
        ClusterTable picture = new(
            [Node("n1", "node-1"), Node("n2", "node-2")],
            [new WireService { Id = "s1", Spec = new WireServiceSpec { Name = "web", Mode = new WireServiceMode { Replicated = new WireReplicated { Replicas = 4 } } }, ServiceStatus = new WireServiceStatus { RunningTasks = 2, DesiredTasks = 4 } }],
            [Running("t1", "n1"), Running("t2", "n2"), Stuck("t3"), Stuck("t4")],
            new Dictionary<string, TaskUsage> { ["t1"] = new(0.5, 10 << 20), ["t2"] = new(0.25, 20 << 20) });

        Assert.Equal(["0.5 / 2", "0.25 / 2"], picture.NodeRows().Select(static row => row["CPUs"]));
        Assert.Equal(["10MiB / 1GiB", "20MiB / 1GiB"], picture.NodeRows().Select(static row => row["Memory"]));
        var service = Assert.Single(picture.ServiceRows());
        Assert.Equal(("2/4", "0.75", "30MiB", "2: no suitable node (2 nodes not available)"), ((string)service["Replicas"]!, (string)service["CPUs"]!, (string)service["Memory"]!, (string)service["Waiting"]!));
    }

    [Fact]
    public void A_service_that_fails_in_a_loop_says_how_it_ended_last()
    {
        WireTask Ended(string id, int second, string error) => new() { Id = id, ServiceId = "s1", DesiredState = "shutdown", Status = new WireTaskStatus { State = "rejected", Err = error, Timestamp = CliRun.Now.AddSeconds(second) } };
        ClusterTable picture = new(
            [], [new WireService { Id = "s1", Spec = new WireServiceSpec { Name = "web" }, ServiceStatus = new WireServiceStatus { DesiredTasks = 1 } }],
            [Ended("t1", 1, "first"), Ended("t2", 2, "No such image: nosuch:1"), new WireTask { Id = "t3", ServiceId = "s1", DesiredState = "ready", Status = new WireTaskStatus { State = "ready" } }], []);
        Assert.Equal("No such image: nosuch:1", Assert.Single(picture.ServiceRows())["Waiting"]);
    }

    [Fact]
    public void Before_the_second_sample_nothing_is_said_of_processors()
    {
        ClusterTable picture = new([Node("n1", "node-1")], [], [Running("t1", "n1")], new Dictionary<string, TaskUsage> { ["t1"] = new(null, 1) });
        Assert.Equal("- / 2", Assert.Single(picture.NodeRows())["CPUs"]);
    }

    private static WireNode Node(string id, string name) => new()
    {
        Id = id,
        Spec = new WireNodeSpec { Availability = "active" },
        Status = new WireNodeStatus { State = "ready" },
        Description = new WireNodeDescription { Hostname = name, Resources = new WireResources { NanoCpus = 2_000_000_000, MemoryBytes = 1 << 30 } },
    };

    private static WireTask Running(string id, string node) => new() { Id = id, ServiceId = "s1", NodeId = node, DesiredState = "running", Status = new WireTaskStatus { State = "running" } };

    private static WireTask Stuck(string id) => new() { Id = id, ServiceId = "s1", DesiredState = "running", Status = new WireTaskStatus { State = "pending", Err = "no suitable node (2 nodes not available)" } };
}
