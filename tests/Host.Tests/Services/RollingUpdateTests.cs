using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Services;

/// <summary>A rolling update under requests; alone on the cluster, since a starved node hears too late of a task that goes.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class RollingUpdateTests : ClusterFacts
{
    [Fact]
    public Task An_update_replaces_every_task_while_the_service_answers_and_rollback_undoes_it() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("rolling", [.. ListensFirst, "--replicas", "3", "-p", "8131:80", "--update-order", "start-first", "--update-parallelism", "1", "--update-monitor", "1s", "--rollback-monitor", "1s", "-e", "ROUND=1"]);
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
