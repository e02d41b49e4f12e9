using Skep.Chaos.Checks;
using Skep.Chaos.Faults;
using Skep.Chaos.Load;
using Skep.Testing.Clusters;

namespace Skep.Chaos;

/// <summary>The one cluster that all faults strike: managers n1…n3 and the worker n4. Rounds are whole: nothing of one is left for the next.</summary>
public sealed class ChaosCluster : IAsyncLifetime
{
    private const int Replicas = 4;

    // Three heartbeat periods, and what a daemon needs until its first beat.
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(4.5), TimeToStart = TimeSpan.FromSeconds(2);
    private const string Network = "chaos-net";
    private readonly Dictionary<int, SortedSet<string>> _before = [];
    private readonly LingeringLinks _lingering = new();
    private int _rounds;

    internal static readonly int[] Managers = [1, 2, 3];

    internal TestCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Repository.RequirePrograms();
        string images = Repository.PathOf("out", "images");
        (await Command.RunAsync(Repository.PathOf("tests", "Testing", "images", "build.sh"), images)).Succeeded();
        Cluster = await TestCluster.StartAsync("chaos", "192.168.79", count: 4);
        await ClusterFailure.WithLogsAsync(Cluster, async () =>
        {
            await Cluster.FormSwarmAsync(managers: 3);
            await Cluster.LoadAsync(1, Path.Combine(images, "probe-latest.tar"));
            (await Cluster.DockerAsync(1, "network", "create", "-d", "overlay", Network)).Succeeded();
            // A first service, so that what stays once there was any is in the picture of before.
            await CreateServiceAsync("warm", 8300);
            await Invariants.ServiceIsWholeAsync(Cluster, 1, "warm", Replicas);
            await RemoveServiceAsync("warm");
            await RememberAsync();
        });
    }

    public Task DisposeAsync()
    {
        Cluster?.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Load, the fault for a while, its end, and everything that must hold afterwards.</summary>
    internal async Task RoundAsync(Fault fault, Func<TestCluster, Task<int>> pick, int seed, TimeSpan length)
    {
        int round = ++_rounds;
        string service = $"web{round}";
        int port = 8300 + round;
        int node = await pick(Cluster);
        bool struck = false;
        try
        {
            await ClusterFailure.WithLogsAsync(Cluster, () => StrikeAndCheckAsync(fault with { Strike = (c, n) => { struck = true; return fault.Strike(c, n); }, Heal = (c, n) => { struck = false; return fault.Heal(c, n); } }, node, service, port, seed, length));
        }
        catch
        {
            // The next round begins on a whole cluster, whatever became of this one.
            if (struck)
            {
                await fault.Heal(Cluster, node);
            }

            await Cluster.DockerAsync(1, "service", "rm", service);
            throw;
        }
    }

    private async Task RememberAsync()
    {
        foreach (int node in Cluster.Nodes)
        {
            _before[node] = await new NodeInspector(Cluster, node).SnapshotAsync();
        }
    }

    private async Task StrikeAndCheckAsync(Fault fault, int node, string service, int port, int seed, TimeSpan length)
    {
        var ledger = new Ledger();
        await CreateServiceAsync(service, port);
        await Invariants.ServiceIsWholeAsync(Cluster, 1, service, Replicas);
        await UntilAllAnswerAsync(port);
        string what = $"{fault.Name} on n{node} for {length.TotalSeconds:0.0} s (seed {seed})";

        await using (var requests = new Requests(Cluster, port))
        {
            await using (var writers = new Writers(Cluster, Managers, ledger, seed, service))
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
                await fault.Strike(Cluster, node);
                await Task.Delay(length);
                await fault.Heal(Cluster, node);
                await Task.Delay(TimeSpan.FromSeconds(1.5));
                Assert.True(writers.StaleRead is null, $"{what}: {writers.StaleRead}");
            }

            await Cluster.UntilReadyAsync(Cluster.Nodes, via: Managers.First(m => m != node), TimeSpan.FromSeconds(60));
            await Invariants.NoAcknowledgedWriteIsLostAsync(Cluster, Managers, ledger);
            await Invariants.ServiceIsWholeAsync(Cluster, 1, service, Replicas);
            Console.WriteLine($"chaos: {what}: {ledger.Acknowledged} writes acknowledged, {requests.Answers} requests answered, {Cluster.Nodes.Sum(n => requests.FailuresAt(n).Length)} not");
            if (fault.MeshStays)
            {
                // A node that is silent for longer is taken for dead, and what is in flight to its tasks is reset: at most what was on its way at that moment.
                string[] failures = [.. Cluster.Nodes.SelectMany(requests.FailuresAt)];
                int inFlight = length > SilenceLimit - TimeToStart ? failures.Count(f => f.Contains("Connection reset by peer", StringComparison.Ordinal)) : 0;
                Assert.True(failures.Length == inFlight && inFlight <= Cluster.Nodes.Count(), $"{what}: {string.Join('\n', failures)}");
            }
        }

        await UntilAllAnswerAsync(port);
        await Invariants.ReplicasAreEqualAsync(Cluster, Managers);
        await RemoveServiceAsync(service);
        try
        {
            await Invariants.NothingIsLeftBehindAsync(Cluster, _before);
        }
        catch
        {
            await RememberAsync(); // What this round left behind fails this round alone.
            throw;
        }
        await _lingering.AssertTheyGoAsync(Cluster);
    }

    private async Task CreateServiceAsync(string name, int port)
        => (await Cluster.DockerAsync(1, "service", "create", "-d", "--no-resolve-image", "--name", name, "--replicas", $"{Replicas}", "--network", Network, "-p", $"{port}:80",
            "--restart-delay", "200ms", "--stop-grace-period", "2s",
            // Running means listening, so that every refused request is the cluster's fault.
            "--health-cmd", "/usr/bin/perl /usr/bin/probe health", "--health-interval", "500ms", "--health-retries", "20", "probe:latest")).Succeeded();

    private async Task RemoveServiceAsync(string name)
    {
        (await Cluster.DockerAsync(1, "service", "rm", name)).Succeeded();
        foreach (int node in Cluster.Nodes)
        {
            await Eventually.BecomesAsync(
                async () => await new NodeInspector(Cluster, node).ContainersAsync() is { Length: > 0 } left ? $"n{node} still has containers {string.Join(' ', left)}" : null,
                TimeSpan.FromSeconds(30));
        }
    }

    private async Task UntilAllAnswerAsync(int port)
    {
        foreach (int node in Cluster.Nodes)
        {
            await Eventually.TrueAsync(async () => (await Cluster.FetchAsync($"http://{Cluster.AddressOf(node)}:{port}/who")).Length > 0, TimeSpan.FromSeconds(30), () => $"an answer of n{node}:{port}");
        }
    }
}
