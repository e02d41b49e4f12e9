using System.Text.Json.Nodes;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Services;

/// <summary>What users ask of services, and what tasks say when it cannot be.</summary>
public sealed class ServiceTests : ClusterFacts
{
    [Fact]
    public Task Scale_to_zero_and_back() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("scaled", "--replicas", "2");
        await UntilRunningAsync(web, 2);
        (await DockerAsync("service", "scale", "-d", $"{web}=0")).Succeeded();
        await UntilRunningAsync(web, 0);
        await Eventually.TrueAsync(async () => (await TasksAsync(web)).All(t => State(t) != "running"), Limit, () => "the containers to end");
        (await DockerAsync("service", "scale", "-d", $"{web}=3")).Succeeded();
        await UntilRunningAsync(web, 3);
        Assert.Equal("3/3", (await DockerAsync("service", "ls", "--filter", $"name={web}", "--format", "{{.Replicas}}")).Succeeded().Out.Trim());
    });

    [Fact]
    public Task A_global_service_runs_once_on_every_node() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("everywhere", "--mode", "global");
        await UntilRunningAsync(web, 3);
        Assert.Equal(3, (await RunningAsync(web)).Select(t => (string)t["NodeID"]!).Distinct().Count());
    });

    [Fact]
    public Task An_image_loaded_on_one_node_runs_on_all_of_them() => OnClusterAsync(async () =>
    {
        string web = await ServiceOfAsync("fetched", "probe:2", ["--mode", "global"]);
        await UntilRunningAsync(web, 3);
        foreach (int node in new[] { 1, 2, 3 })
        {
            Assert.NotEmpty((await Cluster.DockerAsync(node, "image", "ls", "-q", "probe:2")).Succeeded().Lines);
        }
    });

    [Fact]
    public Task A_task_that_no_node_may_run_says_why() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("nowhere", "--constraint", "node.labels.zone==moon");
        await UntilTaskAsync(web, t => State(t) == "pending" && Error(t) == "no suitable node (scheduling constraints not satisfied on 3 nodes)", "says why it waits");
        string id = (await DockerAsync("node", "inspect", "n2", "--format", "{{.ID}}")).Succeeded().Out.Trim();
        (await DockerAsync("node", "update", "--label-add", "zone=moon", "n2")).Succeeded();
        try
        {
            await UntilTaskAsync(web, t => State(t) == "running" && (string?)t["NodeID"] == id, "runs where it may now");
        }
        finally
        {
            await DockerAsync("node", "update", "--label-rm", "zone", "n2");
        }
    });

    [Fact]
    public Task A_task_too_large_for_every_node_says_so() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("huge", "--reserve-memory", "900G");
        await UntilTaskAsync(web, t => State(t) == "pending" && Error(t) == "no suitable node (insufficient resources on 3 nodes)", "says why it waits");
    });

    [Fact]
    public Task Service_ps_tells_of_an_image_nobody_has() => OnClusterAsync(async () =>
    {
        string web = await ServiceOfAsync("noimage", "127.0.0.1:9/nosuch:1", ["--restart-condition", "none"]);
        await UntilTaskAsync(web, t => State(t) == "rejected", "was rejected");
        Assert.Contains("No such image: 127.0.0.1:9/nosuch:1", (await DockerAsync("service", "ps", "--no-trunc", web)).Succeeded().Out);
    });

    [Fact]
    public Task A_task_that_ends_is_replaced_when_the_policy_says_any() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("phoenix", "-p", $"{port}:80");
        await UntilRunningAsync(web, 1);
        string first = (string)(await RunningAsync(web))[0]["ID"]!;
        await AskAsync(1, port, "/exit/0");
        await UntilTaskAsync(web, t => EngineClient.IsRunning(t) && (string)t["ID"]! != first, "took its place");
        Assert.Equal("complete", State((await TasksAsync(web)).Single(t => (string)t["ID"]! == first)));
    });

    [Fact]
    public Task A_task_that_fails_is_tried_as_often_as_the_policy_says() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("doomed", "-e", "START_EXIT=3", "--restart-condition", "on-failure", "--restart-max-attempts", "2");
        await Eventually.EqualAsync(3, async () => (await TasksAsync(web)).Count(t => State(t) == "failed"), Limit, "attempts");
        JsonObject last = (await TasksAsync(web)).First();
        Assert.Equal(3, (int)last["Status"]!["ContainerStatus"]!["ExitCode"]!);
        Assert.Contains("non-zero exit (3)", Error(last));
    });

    [Fact]
    public Task A_task_that_ends_well_stays_ended_when_the_policy_says_on_failure() => OnClusterAsync(async () =>
    {
        string once = await ServiceAsync("once", "-e", "START_EXIT=0", "--restart-condition", "on-failure");
        await UntilTaskAsync(once, t => State(t) == "complete", "completed");
        Assert.Single(await TasksAsync(once));
    });

    [Fact]
    public Task A_job_runs_to_its_end_as_often_as_asked() => OnClusterAsync(async () =>
    {
        string job = await ServiceAsync("job", "--mode", "replicated-job", "--replicas", "3", "--max-concurrent", "2", "--restart-condition", "none", "-e", "START_EXIT=0");
        await Eventually.EqualAsync(3, async () => (await TasksAsync(job)).Count(t => State(t) == "complete"), Limit, "completed tasks");
    });

    [Fact]
    public Task Logs_come_from_every_node() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("talker", "--mode", "global", "-e", "GREETING=well");
        await UntilRunningAsync(web, 3);
        await Eventually.BecomesAsync(
            async () =>
            {
                string[] lines = (await DockerAsync("service", "logs", web)).Succeeded().Lines;
                string[] silent = [.. new[] { "n1", "n2", "n3" }.Where(n => !lines.Any(l => l.Contains($"@{n} ", StringComparison.Ordinal) && l.Contains("starts well", StringComparison.Ordinal)))];
                return silent.Length == 0 ? null : $"no line from {string.Join(' ', silent)} in: {string.Join('\n', lines)}";
            },
            TimeSpan.FromSeconds(15));
    });
}
