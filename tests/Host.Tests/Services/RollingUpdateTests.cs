using System.Text.Json.Nodes;
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
        int port = NewPort();
        string web = await ServiceAsync("rolling", [.. ListensFirst, "--replicas", "3", "-p", $"{port}:80", "--update-order", "start-first", "--update-parallelism", "1", "--update-monitor", "1s", "--rollback-monitor", "1s", "-e", "ROUND=1"]);
        await UntilRunningAsync(web, 3);
        await AskAsync(1, port, "/who");

        using var stop = new CancellationTokenSource();
        Task<string[]> failures = PollAsync(port, stop.Token);
        (await DockerAsync("service", "update", "-d", "--image", "probe:2", "--env-add", "ROUND=2", "--no-resolve-image", web)).Succeeded();
        await UntilUpdateAsync(web, "completed");
        await UntilRunningAsync(web, 3);
        await stop.CancelAsync();
        string[] failed = await failures;
        Assert.True(failed.Length == 0, string.Join('\n', failed));
        Assert.All(await RunningAsync(web), t => Assert.StartsWith("probe:2", (string)t["Spec"]!["ContainerSpec"]!["Image"]!));
        Assert.Equal("2", await AskAsync(2, port, "/env/ROUND"));

        (await DockerAsync("service", "rollback", "-d", web)).Succeeded();
        await UntilUpdateAsync(web, "rollback_completed");
        await UntilRunningAsync(web, 3);
        Assert.Equal("1", await AskAsync(2, port, "/env/ROUND"));
    });

    [Theory]
    [InlineData("start-first")]
    [InlineData("stop-first")]
    public Task No_request_fails_while_twelve_replicas_are_updated(string order) => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("twelve", [.. ListensFirst, "--replicas", "12", "-p", $"{port}:80", "--update-order", order, "--update-parallelism", "4", "--update-monitor", "500ms"]);
        await UntilRunningAsync(web, 12);
        RequestStream requests = RequestStream.Start(Cluster, Outsider, port, "/env/PATH");
        (await DockerAsync("service", "update", "-d", "--env-add", "ROUND=2", "--no-resolve-image", web)).Succeeded();
        await UntilUpdateAsync(web, "completed");
        await UntilRunningAsync(web, 12);
        await requests.EndsWithoutFailureAsync();
    });

    [Fact]
    public Task No_request_fails_while_a_node_is_drained() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("drained", [.. ListensFirst, "--replicas", "6", "-p", $"{port}:80"]);
        await UntilRunningAsync(web, 6);
        RequestStream requests = RequestStream.Start(Cluster, Outsider, port, "/env/PATH");
        try
        {
            (await DockerAsync("node", "update", "--availability", "drain", "n3")).Succeeded();
            string n3 = (string)(await NodeAsync("n3"))["ID"]!;
            await Eventually.TrueAsync(async () => (await RunningAsync(web)) is { Length: 6 } tasks && tasks.All(t => (string)t["NodeID"]! != n3), Limit, () => $"{web} to leave n3");
        }
        finally
        {
            (await DockerAsync("node", "update", "--availability", "active", "n3")).Succeeded();
        }

        await requests.EndsWithoutFailureAsync();
    });

    [Fact]
    public Task A_bad_image_rolls_back_by_itself_while_the_service_answers() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("badimage", [.. ListensFirst, "--replicas", "3", "-p", $"{port}:80", "--update-monitor", "2s", "--rollback-monitor", "500ms", "--update-failure-action", "rollback"]);
        await UntilRunningAsync(web, 3);
        RequestStream requests = RequestStream.Start(Cluster, Outsider, port, "/env/PATH");
        (await DockerAsync("service", "update", "-d", "--image", "nowhere.invalid/none:1", "--no-resolve-image", web)).Succeeded();
        await UntilUpdateAsync(web, "rollback_completed");
        await UntilRunningAsync(web, 3);
        await requests.EndsWithoutFailureAsync();
    });

    private async Task<JsonNode> NodeAsync(string hostname)
    {
        using EngineClient engine = Cluster.Engine(1);
        return (await engine.GetAsync("nodes"))!.AsArray().Single(n => (string)n!["Description"]!["Hostname"]! == hostname)!;
    }

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
