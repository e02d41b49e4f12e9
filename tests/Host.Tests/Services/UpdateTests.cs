using System.Text.Json.Nodes;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Services;

/// <summary>Rolling updates, and the way back.</summary>
public sealed class UpdateTests : ClusterFacts
{
    [Fact]
    public Task A_failing_update_pauses_and_says_so() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("pausing", "--replicas", "2", "--update-monitor", "2s", "--update-delay", "1m");
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
}
