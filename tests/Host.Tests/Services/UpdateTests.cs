using System.Text.Json.Nodes;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Services;

/// <summary>Rolling updates, and the way back.</summary>
public sealed class UpdateTests : ClusterFacts
{
    [Fact]
    public Task An_update_replaces_every_task_while_the_service_answers_and_rollback_undoes_it() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("rolling", "--replicas", "3", "-p", "8131:80", "--update-order", "start-first", "--update-parallelism", "1", "--update-monitor", "1s", "--rollback-monitor", "1s", "-e", "ROUND=1");
        await UntilRunningAsync(web, 3);
        await AskAsync(1, 8131, "/who");

        using var stop = new CancellationTokenSource();
        Task<string[]> failures = PollAsync(8131, stop.Token);
        (await DockerAsync("service", "update", "-d", "--image", "probe:2", "--env-add", "ROUND=2", "--no-resolve-image", web)).Succeeded();
        await UntilUpdateAsync(web, "completed");
        await UntilRunningAsync(web, 3);
        await stop.CancelAsync();
        string[] failed = await failures;
        Assert.True(failed.Length == 0, string.Join('\n', failed));
        Assert.All(await RunningAsync(web), t => Assert.StartsWith("probe:2", (string)t["Spec"]!["ContainerSpec"]!["Image"]!));
        Assert.Equal("2", await AskAsync(2, 8131, "/env/ROUND"));

        (await DockerAsync("service", "rollback", "-d", web)).Succeeded();
        await UntilUpdateAsync(web, "rollback_completed");
        await UntilRunningAsync(web, 3);
        Assert.Equal("1", await AskAsync(2, 8131, "/env/ROUND"));
    });

    [Fact]
    public Task A_failing_update_pauses_and_says_so() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("pausing", "--replicas", "2", "--update-monitor", "2s", "--update-delay", "1s");
        await UntilRunningAsync(web, 2);
        (await DockerAsync("service", "update", "-d", "--no-resolve-image", "--env-add", "START_EXIT=1", web)).Succeeded();
        await UntilUpdateAsync(web, "paused");
        JsonObject[] tasks = await TasksAsync(web);
        Assert.True(tasks.Count(t => EngineClient.IsRunning(t) && !t["Spec"]!.ToJsonString().Contains("START_EXIT", StringComparison.Ordinal)) == 1, string.Join('\n', tasks.Select(Describe)));
    });

    [Fact]
    public Task A_failing_update_rolls_back_when_asked_to() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("returning", "--replicas", "2", "--update-monitor", "2s", "--rollback-monitor", "1s", "--update-failure-action", "rollback");
        await UntilRunningAsync(web, 2);
        (await DockerAsync("service", "update", "-d", "--no-resolve-image", "--env-add", "START_EXIT=1", web)).Succeeded();
        await UntilUpdateAsync(web, "rollback_completed");
        await UntilRunningAsync(web, 2);
        Assert.All(await RunningAsync(web), t => Assert.DoesNotContain("START_EXIT", t["Spec"]!.ToJsonString()));
    });

    [Fact]
    public Task Force_replaces_tasks_of_an_unchanged_service() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("forced", "--update-monitor", "500ms");
        await UntilRunningAsync(web, 1);
        string first = (string)(await RunningAsync(web))[0]["ID"]!;
        (await DockerAsync("service", "update", "-d", "--force", "--no-resolve-image", web)).Succeeded();
        await UntilTaskAsync(web, t => EngineClient.IsRunning(t) && (string)t["ID"]! != first, "took its place");
    });

    private Task UntilUpdateAsync(string service, string state) => Eventually.EqualAsync(
        state,
        async () =>
        {
            using EngineClient engine = Cluster.Engine(1);
            return (string?)(await engine.GetAsync($"services/{service}"))!["UpdateStatus"]?["State"];
        },
        TimeSpan.FromSeconds(60),
        $"update of {service}");

    /// <summary>Asks until told to stop; what went wrong.</summary>
    private async Task<string[]> PollAsync(int port, CancellationToken stop)
    {
        var failures = new List<string>();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            CommandResult result = await Cluster.InNodeAsync(0, "curl", "-sS", "-m", "3", $"http://{Cluster.AddressOf((i % 3) + 1)}:{port}/who");
            if (result.Code != 0)
            {
                failures.Add(result.ToString());
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }

        return [.. failures];
    }
}
