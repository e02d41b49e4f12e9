using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Skep.Bench.Cluster;

/// <summary>Scenarios that kill daemons; for clusters of cluster.sh, whose pid files they read.</summary>
internal sealed class Failures(Settings settings)
{
    /// <summary>cluster.sh finds its cluster by SKEP_CLUSTER: one that is not the measured one would be broken instead.</summary>
    public void CheckCluster()
    {
        string named = $"/run/skep-{Environment.GetEnvironmentVariable("SKEP_CLUSTER") ?? "dev"}";
        if (Path.TrimEndingDirectorySeparator(settings.ClusterRun) != named)
        {
            throw new InvalidOperationException($"--cluster-run is {settings.ClusterRun}, but SKEP_CLUSTER leads cluster.sh to {named}");
        }
    }

    /// <summary>Resident memory of each daemon, as it is now.</summary>
    public void ReportMemory()
        => Bench.Report("resident memory of a manager's daemon", Daemons().Select(d => ResidentMiB(d.Pid)), "MiB");

    /// <summary>kill -9 of the leader's daemon; a client of another manager writes until it is answered.</summary>
    public async Task LeaderKilledAsync(CancellationToken ct)
    {
        string leader = await LeaderAsync(ct);
        (string name, int pid) = Daemons().First(d => d.Name == leader);
        using var other = new Engine(SocketOf(Daemons().First(d => d.Name != leader).Name));
        var bench = new Bench(other, settings);
        var watch = Stopwatch.StartNew();
        Process.GetProcessById(pid).Kill();
        string? id = null;
        while (id is null)
        {
            try
            {
                id = await other.CreateServiceAsync(bench.Spec(bench.Name(), 0, overlay: false), ct);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, ct);
            }
        }

        Bench.Report("leader killed -> next write accepted", [watch.Elapsed.TotalSeconds], "s");
        await other.DeleteAsync($"services/{id}", ct);
        Cluster("restart", name[1..]);
    }

    /// <summary>A whole node dies; the tasks it had run elsewhere.</summary>
    public async Task NodeLostAsync(CancellationToken ct)
    {
        string leader = await LeaderAsync(ct);
        string victim = Daemons().Last(d => d.Name != leader).Name;
        using var engine = new Engine(SocketOf(leader));
        var bench = new Bench(engine, settings);
        string id = await engine.CreateServiceAsync(bench.Spec(bench.Name(), 6, overlay: true), ct);
        await bench.UntilRunningAsync(id, 6, ct);
        string node = (string)(await engine.GetAsync("nodes", ct))!.AsArray().First(n => (string)n!["Description"]!["Hostname"]! == victim)!["ID"]!;
        var watch = Stopwatch.StartNew();
        Cluster("kill", victim[1..]);
        await Bench.UntilAsync(
            async () => (await engine.TasksAsync(id, ct)).Count(t => (string)t!["Status"]!["State"]! == "running" && (string)t!["DesiredState"]! == "running" && (string?)t!["NodeID"] != node) == 6,
            "the lost tasks elsewhere",
            ct);
        Bench.Report("node lost -> its tasks run elsewhere", [watch.Elapsed.TotalSeconds], "s");
        Cluster("restart", victim[1..]);
        await engine.DeleteAsync($"services/{id}", ct);
    }

    private static double ResidentMiB(int pid)
        => File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kib, ..] ? double.Parse(kib) / 1024 : 0;

    private async Task<string> LeaderAsync(CancellationToken ct)
    {
        using var engine = new Engine(settings.Host);
        JsonNode? leader = null;
        // A manager that has just come back may not have heard of it yet.
        await Bench.UntilAsync(
            async () => (leader = (await engine.GetAsync("nodes", ct))!.AsArray().FirstOrDefault(n => n!["ManagerStatus"]?["Leader"]?.GetValue<bool>() == true)) is not null, "a leader", ct);
        return (string)leader!["Description"]!["Hostname"]!;
    }

    private IEnumerable<(string Name, int Pid)> Daemons() => Directory.GetFiles(settings.ClusterRun, "skepd.pid", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(f => (Path.GetFileName(Path.GetDirectoryName(f)!), int.Parse(File.ReadAllText(f))));

    private string SocketOf(string name) => Path.Combine(settings.ClusterRun, $"{name}.sock");

    private static void Cluster(params string[] args)
    {
        using Process process = Process.Start(new ProcessStartInfo("./cluster.sh", args) { RedirectStandardOutput = true, UseShellExecute = false })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"cluster.sh {string.Join(' ', args)} ended with {process.ExitCode}");
        }
    }
}
