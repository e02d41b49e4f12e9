using Skep.Cli.Why;
using Skep.Wire;

namespace Skep.Cli.Tests;

/// <summary>What <c>service why</c> says about services in trouble.</summary>
public sealed class WhyTests
{
    private static readonly WireNode[] Nodes =
    [
        new() { Id = "n1", Spec = new WireNodeSpec { Role = "manager", Availability = "active", Labels = new() { ["zone"] = "a" } }, Status = new WireNodeStatus { State = "ready" }, Description = new WireNodeDescription { Hostname = "one", Resources = new WireResources { NanoCpus = 2_000_000_000, MemoryBytes = 1L << 30 } } },
        new() { Id = "n2", Spec = new WireNodeSpec { Role = "worker", Availability = "drain" }, Status = new WireNodeStatus { State = "ready" }, Description = new WireNodeDescription { Hostname = "two" } },
    ];

    [Fact]
    public void Filters_are_told_with_their_counts_and_with_what_the_nodes_have()
    {
        string told = Tell(Service(), Waiting("no suitable node (scheduling constraints not satisfied on 1 node; 1 node not available for new tasks)"));
        Assert.StartsWith("Service web: 0 of 1 task running.\n", told, StringComparison.Ordinal);
        Assert.Contains("1 task waits for a node. 1 node does not satisfy the constraint 'node.labels.zone==b'.\n", told, StringComparison.Ordinal);
        Assert.Contains("    node one: role manager, labels zone=a\n", told, StringComparison.Ordinal);
        Assert.Contains("1 node takes no new tasks.\n    node two is set to drain\n", told, StringComparison.Ordinal);
        Assert.Contains("skep node update --availability active two", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Resources_are_told_with_what_is_reserved()
    {
        string told = Tell(Service(), Waiting("no suitable node (insufficient resources on 2 nodes)"));
        Assert.Contains("On 2 nodes too little is free: each task reserves 4 CPUs and 8GiB of memory", told, StringComparison.Ordinal);
        Assert.Contains("node one has 2 CPUs and 1GiB in all", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_image_is_told_per_source()
    {
        string told = Tell(Service(), Failed("a", "rejected", "No such image: web:2 (node two: not there; registry docker.io: no route to host)"));
        Assert.Contains("The image web:2 could not be had from any source.\n    tried node two: not there\n    tried registry docker.io: no route to host\n", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_is_told_with_exit_code_and_last_words()
    {
        DiagnosisInput evidence = new(Service(), [Failed("a", "failed", "task: non-zero exit (1)"), Failed("b", "failed", "task: non-zero exit (1)"), Failed("c", "failed", "task: non-zero exit (1)")], Nodes,
            new Dictionary<string, IReadOnlyList<string>> { ["a"] = ["cannot open /etc/web.conf"] }, CliRun.Now);
        string told = Diagnosis.Tell(evidence);
        Assert.Contains("ended with exit code 1.\n    3 failures kept in the history, on one; the last 1 minute ago".Replace("1 minute", "about a minute", StringComparison.Ordinal), told, StringComparison.Ordinal);
        Assert.Contains("it is a loop", told, StringComparison.Ordinal);
        Assert.Contains("    | cannot open /etc/web.conf\n", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("task: non-zero exit (137): killed", "want of memory")]
    [InlineData("unhealthy container", "health check fails")]
    [InlineData("invalid mount config for type \"bind\": bind source path does not exist: /srv/x", "The directory /srv/x, which the service mounts from the node, does not exist there.")]
    [InlineData("something odd", "The tasks fail with: something odd.")]
    public void Failures_are_told_in_words(string error, string expected)
        => Assert.Contains(expected, Tell(Service(), Failed("a", "failed", error)), StringComparison.Ordinal);

    [Fact]
    public void A_paused_update_is_told()
    {
        string told = Tell(Service() with { UpdateStatus = new WireUpdateStatus { State = "paused", Message = "update paused due to failure or early termination of task x" } }, Running());
        Assert.Contains("The last update is paused", told, StringComparison.Ordinal);
        Assert.Contains("early termination of task x", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_got_over_one_failure_is_well()
        => Assert.Equal("Service web: 1 of 1 task running.\nNothing is wrong with it.\n", Tell(Service(), Failed("a", "failed", "task: non-zero exit (1)"), Running()));

    [Fact]
    public async Task The_verb_explains_a_service_by_name_and_refuses_unknown_ones()
    {
        await using FakeEngine engine = new(SampleCluster.Answer);
        Assert.Equal("Service web: 1 of 1 task running.\nNothing is wrong with it.\n", (await CliRun.Of(engine.Host, ["service", "why", "web"])).Out);
        await using FakeEngine empty = new(static _ => null);
        CliRun run = await CliRun.Of(empty.Host, ["service", "why", "nothing"]);
        Assert.Equal((1, "no such service or task: nothing\n"), (run.ExitCode, run.Err));
    }

    [Fact]
    public void What_the_cluster_cannot_carry_out_comes_first()
        => Assert.Contains(
            "\nThe cluster cannot carry out what was asked: ReplicatedServices: the change takes 9000212 bytes.\n  → It is tried again",
            Tell(Service() with { Trouble = "ReplicatedServices: the change takes 9000212 bytes" }),
            StringComparison.Ordinal);

    private static string Tell(WireService service, params WireTask[] tasks) => Diagnosis.Tell(new DiagnosisInput(service, tasks, Nodes, new Dictionary<string, IReadOnlyList<string>>(), CliRun.Now));

    private static WireService Service() => new() { Id = "s", Spec = new WireServiceSpec { Name = "web", Mode = new WireServiceMode { Replicated = new WireReplicated { Replicas = 1 } }, TaskTemplate = new WireTaskSpec() } };

    private static WireTask Waiting(string error) => new()
    {
        Id = "t",
        Slot = 1,
        DesiredState = "running",
        Spec = new WireTaskSpec
        {
            Placement = new WirePlacement { Constraints = ["node.labels.zone==b"] },
            Resources = new WireTaskResources { Reservations = new WireResources { NanoCpus = 4_000_000_000, MemoryBytes = 8L << 30 } },
        },
        Status = new WireTaskStatus { State = "pending", Err = error, Timestamp = CliRun.Now },
    };

    private static WireTask Failed(string id, string state, string error) => new()
    {
        Id = id,
        Slot = 1,
        NodeId = "n1",
        DesiredState = "shutdown",
        Spec = new WireTaskSpec { ContainerSpec = new WireContainerSpec { Image = "web:2" } },
        Status = new WireTaskStatus { State = state, Err = error, Timestamp = CliRun.Now.AddMinutes(-1) },
    };

    private static WireTask Running() => new() { Id = "r", Slot = 1, NodeId = "n1", DesiredState = "running", Status = new WireTaskStatus { State = "running", Timestamp = CliRun.Now } };
}
