using System.Collections.Concurrent;
using System.Diagnostics;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Restart;

/// <summary>The daemon goes and comes; containers, their answers and their words stay.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class DaemonRestartTests : ClusterFacts
{
    [Theory]
    [InlineData("KILL")]
    [InlineData("TERM")]
    public Task Containers_answers_and_log_lines_outlive_the_daemon(string signal) => OnClusterAsync(async () =>
    {
        const int Node = 3;
        int port = NewPort();
        // How fast a busy machine starts a program is not what this is about: the node must not count as lost before its daemon is back.
        await HeartbeatAsync("10s");
        string web = await ServiceAsync("steady", [.. ListensFirst, "--replicas", "2", "--constraint", $"node.hostname==n{Node}", "-p", $"{port}:80", "-e", "COUNT=10"]);
        await UntilRunningAsync(web, 2);
        await AskAsync(Node, port, "/who");
        var inspector = new NodeInspector(Cluster, Node);
        // Only this service's: the tasks of a service removed before may still be on their way out.
        HashSet<string> containers = [.. (await RunningAsync(web)).Select(t => (string)t["Status"]!["ContainerStatus"]!["ContainerID"]!)];
        async Task<KeyValuePair<string, int>[]> ProcessesAsync() => [.. (await inspector.ProcessesAsync()).Where(p => containers.Contains(p.Key))];
        KeyValuePair<string, int>[] before = await ProcessesAsync();
        Assert.Equal(2, before.Length);

        using var stop = new CancellationTokenSource();
        var failures = new ConcurrentBag<string>();
        Task polls = Task.WhenAll(new[] { 1, Node }.Select(n => PollAsync(n, port, "/who", failures, stop.Token)));
        await Cluster.SignalAsync(Node, "skepd", signal);
        await Cluster.ScriptAsync("restart", $"{Node}");
        await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
        await UntilRunningAsync(web, 2);
        await Cluster.FetchAsync($"http://{Cluster.AddressOf(Node)}:{port}/who");
        await stop.CancelAsync();
        await polls;

        Assert.True(failures.IsEmpty, string.Join('\n', failures.Order(StringComparer.Ordinal)));
        // On a busy machine containerd leaves out of its list whose shim does not answer in time; a process that was replaced never comes back.
        await Eventually.EqualAsync(string.Join(' ', before), async () => string.Join(' ', await ProcessesAsync()), Limit, "processes");
        await AssertNoLineLostAsync(web);
        await HeartbeatAsync("1500ms");
    });

    /// <summary>What answers names is a process of its own, and the same one before and after.</summary>
    [Fact]
    public Task Names_are_answered_while_the_daemon_is_killed_and_comes_back() => OnClusterAsync(async () =>
    {
        const int Node = 3;
        int port = NewPort();
        await HeartbeatAsync("10s");
        string api = await ServiceAsync("named", [.. ListensFirst, "--replicas", "2", "--constraint", $"node.hostname!=n{Node}", "--network", SharedCluster.Network]);
        string asker = await ServiceAsync("asker", [.. ListensFirst, "--constraint", $"node.hostname==n{Node}", "--network", SharedCluster.Network, "-p", $"{port}:80"]);
        await UntilRunningAsync(api, 2);
        await UntilRunningAsync(asker, 1);
        await Eventually.TrueAsync(async () => !(await AskAsync(Node, port, $"/fetch/{api}")).StartsWith("cannot", StringComparison.Ordinal), Limit, () => $"an answer of {api}");
        int answering = PidOfNames(Node);

        using var stop = new CancellationTokenSource();
        var failures = new ConcurrentBag<string>();
        Task polls = Task.WhenAll(new[] { api, $"tasks.{api}" }.Select(n => PollAsync(Node, port, $"/fetch/{n}", failures, stop.Token)));
        await Cluster.SignalAsync(Node, "skepd", "KILL");
        await Cluster.ScriptAsync("restart", $"{Node}");
        await Cluster.UntilReadyAsync([1, 2, 3], via: 1, Limit);
        await Cluster.FetchAsync($"http://{Cluster.AddressOf(Node)}:{port}/fetch/{api}");
        await stop.CancelAsync();
        await polls;

        Assert.True(failures.IsEmpty, string.Join('\n', failures.Order(StringComparer.Ordinal)));
        Assert.Equal(answering, PidOfNames(Node));
        await HeartbeatAsync("1500ms");
    });

    private int PidOfNames(int node) => int.Parse(File.ReadAllText($"{Cluster.RunDirectory}/n{node}/skep/netns/names.pid"));

    private async Task HeartbeatAsync(string period) => (await DockerAsync("swarm", "update", "--dispatcher-heartbeat", period)).Succeeded();

    private async Task AssertNoLineLostAsync(string service)
    {
        foreach (string task in (await RunningAsync(service)).Select(t => (string)t["ID"]!))
        {
            int[] lines = [.. (await DockerAsync("service", "logs", "--raw", task)).Succeeded().Lines.Where(l => l.StartsWith("line ", StringComparison.Ordinal)).Select(l => int.Parse(l[5..]))];
            Assert.True(lines.Length > 50, $"{lines.Length} lines of task {task}");
            Assert.Equal(Enumerable.Range(1, lines.Length), lines);
        }
    }

    private async Task PollAsync(int node, int port, string path, ConcurrentBag<string> failures, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50)); // Asking flat out would starve the daemon that is to come back.
        while (!stop.IsCancellationRequested)
        {
            CommandResult result = await Cluster.InNodeAsync(0, "curl", "-sS", "-m", "2", $"http://{Cluster.AddressOf(node)}:{port}{path}");
            if (result.Code != 0 || result.Out.StartsWith("cannot", StringComparison.Ordinal))
            {
                failures.Add($"{watch.Elapsed.TotalSeconds:00.00} s at n{node}: {result.Error.Trim()}{result.Out.Trim()}");
            }

            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
