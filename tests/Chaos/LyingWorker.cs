using System.Globalization;
using System.Text.Json.Nodes;
using Skep.Chaos.Checks;
using Skep.Chaos.Load;
using Skep.Testing.Clusters;

namespace Skep.Chaos;

/// <summary>A worker that lies to all managers for minutes (tests/Hostile, LiarAtLarge): nobody else restarts, grows or misses a request.</summary>
internal static class LyingWorker
{
    private const string Service = "spared";
    private const int Port = 8299, Replicas = 4;
    private const long MostGrowth = 100L << 20;

    // What the garbage collector gives back comes back within this.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(60);

    public static async Task HurtsOnlyItselfAsync(TestCluster cluster, TimeSpan length)
    {
        using EngineClient engine = cluster.Engine(1);
        // The operator says who is honest: tasks that the liar is given are the liar's to spoil.
        foreach (int node in cluster.Nodes)
        {
            (await cluster.DockerAsync(1, "node", "update", "--label-add", "honest=1", $"n{node}")).Succeeded();
        }

        (await cluster.DockerAsync(1, "service", "create", "-d", "--no-resolve-image", "--name", Service, "--replicas", $"{Replicas}", "-p", $"{Port}:80", "--constraint", "node.labels.honest==1", "probe:latest")).Succeeded();
        await Invariants.ServiceIsWholeAsync(cluster, 1, Service, Replicas);
        string token = (await cluster.DockerAsync(1, "swarm", "join-token", "-q", "worker")).Succeeded().Out.Trim();
        string[] ids = [.. (await engine.ListAsync("nodes")).Concat(await engine.ListAsync("tasks")).Concat(await engine.ListAsync("services")).Select(o => (string)o["ID"]!)];
        Dictionary<int, int> daemons = cluster.Nodes.ToDictionary(n => n, n => cluster.PidOf(n, "skepd"));
        Dictionary<int, long> before = daemons.ToDictionary(d => d.Key, d => Resident(d.Value));
        Dictionary<int, long> most = new(before);

        await using var requests = new Requests(cluster, Port);
        Task<CommandResult> lying = Command.RunAsync(
            "nsenter",
            [$"--net={cluster.NamespaceOf(4)}", "dotnet", "vstest", Repository.PathOf("tests", "Hostile", "bin", "Debug", "net10.0", "Skep.Hostile.dll"), "--TestCaseFilter:FullyQualifiedName~LiarAtLarge", "--logger:console;verbosity=detailed"],
            input: null,
            new Dictionary<string, string>
            {
                ["SKEP_LIE_TO"] = string.Join(' ', ChaosCluster.Managers.Select(m => $"{cluster.AddressOf(m)}:2377")),
                ["SKEP_LIE_TOKEN"] = token,
                ["SKEP_LIE_MINUTES"] = length.TotalMinutes.ToString(CultureInfo.InvariantCulture),
                ["SKEP_LIE_NAMES"] = string.Join(' ', ids),
            },
            length + TimeSpan.FromMinutes(3));
        while (!lying.IsCompleted)
        {
            await Task.WhenAny(lying, Task.Delay(TimeSpan.FromSeconds(5)));
            foreach ((int node, int pid) in daemons)
            {
                most[node] = Math.Max(most[node], Resident(pid));
            }
        }

        CommandResult liar = await lying;
        Console.WriteLine(string.Join('\n', liar.Out.Split('\n').Where(l => l.Contains("sessions", StringComparison.Ordinal)).Distinct()));
        await Task.Delay(Calm);
        foreach ((int node, int pid) in daemons)
        {
            Console.WriteLine($"n{node}: {before[node] >> 20} MiB before, {most[node] >> 20} at most, {Resident(pid) >> 20} afterwards");
        }

        Console.WriteLine($"{requests.Answers} requests answered");
        Assert.Empty(cluster.Nodes.SelectMany(requests.FailuresAt));
        Assert.All(daemons, d => Assert.Equal(d.Value, cluster.PidOf(d.Key, "skepd")));
        Assert.All(daemons, d => Assert.True(Resident(d.Value) - before[d.Key] < MostGrowth, $"n{d.Key} has grown from {before[d.Key] >> 20} to {Resident(d.Value) >> 20} MiB"));
        await cluster.UntilReadyAsync(cluster.Nodes, via: 1, TimeSpan.FromSeconds(30));
        await Invariants.ServiceIsWholeAsync(cluster, 1, Service, Replicas);
        await Invariants.ReplicasAreEqualAsync(cluster, ChaosCluster.Managers);
        (await cluster.DockerAsync(1, "service", "rm", Service)).Succeeded();
        liar.Succeeded();
    }

    /// <returns>Bytes of memory the process has; 0: it is gone.</returns>
    private static long Resident(int pid)
        => File.Exists($"/proc/{pid}/status")
            ? File.ReadLines($"/proc/{pid}/status").Where(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Select(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10).FirstOrDefault()
            : 0;
}
