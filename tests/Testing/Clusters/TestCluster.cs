using System.Globalization;
using System.Text.Json.Nodes;

namespace Skep.Testing.Clusters;

/// <summary>A cluster of cluster.sh: nodes 1…N in network namespaces, each with its own containerd and skepd. Ends with this process at the latest.</summary>
/// <remarks>Node K is called nK. Node 0 stands for the client on another subnet, 203.0.113.10.</remarks>
public sealed class TestCluster : IDisposable
{
    public const string ClientAddress = "203.0.113.10";
    private readonly ClusterGuard _guard;
    private readonly Dictionary<string, string> _environment;
    private bool _disposed;

    private TestCluster(string name, string net, int count, ClusterGuard guard, Dictionary<string, string> environment)
    {
        (Name, Net, Count, _guard, _environment) = (name, net, count, guard, environment);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
    }

    public string Name { get; }

    public string Net { get; }

    public int Count { get; }

    public IEnumerable<int> Nodes => Enumerable.Range(1, Count);

    public string RunDirectory => $"/run/skep-{Name}";

    public string DataDirectory => $"/var/lib/skep-{Name}";

    /// <summary>Starts machines that belong to no swarm yet.</summary>
    /// <param name="net">First three numbers of the nodes' subnet, of this cluster alone.</param>
    /// <param name="flags">For every skepd, beyond what cluster.sh gives.</param>
    public static async Task<TestCluster> StartAsync(string name, string net, int count, string flags = "")
    {
        Repository.RequirePrograms();
        var environment = new Dictionary<string, string> { ["SKEP_CLUSTER"] = name, ["SKEP_CLUSTER_NET"] = net, ["SKEPD_FLAGS"] = flags };
        ClusterGuard guard = await ClusterGuard.StartAsync(name, environment).ConfigureAwait(false);
        var cluster = new TestCluster(name, net, count, guard, environment);
        try
        {
            await cluster.ScriptAsync("up", count.ToString(CultureInfo.InvariantCulture), "--no-swarm").ConfigureAwait(false);
            return cluster;
        }
        catch (Exception e)
        {
            string logs = cluster.LogTails();
            cluster.Dispose();
            throw new InvalidOperationException($"cluster {name} did not start: {e.Message}\n{logs}", e);
        }
    }

    /// <summary>Node 1 founds a swarm; the others join, the first <paramref name="managers"/> of all as managers.</summary>
    public async Task FormSwarmAsync(int managers)
    {
        (await DockerAsync(1, "swarm", "init", "--advertise-addr", AddressOf(1)).ConfigureAwait(false)).Succeeded();
        foreach (int node in Nodes.Skip(1))
        {
            await JoinAsync(node, node <= managers ? "manager" : "worker", via: 1).ConfigureAwait(false);
        }

        await UntilReadyAsync(Nodes, via: 1, TimeSpan.FromSeconds(30)).ConfigureAwait(false);
    }

    public async Task JoinAsync(int node, string role, int via)
    {
        string token = (await DockerAsync(via, "swarm", "join-token", "-q", role).ConfigureAwait(false)).Succeeded().Out.Trim();
        (await DockerAsync(node, "swarm", "join", "--token", token, "--advertise-addr", AddressOf(node), $"{AddressOf(via)}:2377").ConfigureAwait(false)).Succeeded();
    }

    public Task UntilReadyAsync(IEnumerable<int> nodes, int via, TimeSpan limit) => Eventually.BecomesAsync(
        async () =>
        {
            using EngineClient engine = Engine(via);
            JsonObject[] all = await engine.ListAsync("nodes").ConfigureAwait(false);
            string[] late = [.. nodes.Select(n => $"n{n}").Where(n => !all.Any(o => (string?)o["Description"]?["Hostname"] == n && (string?)o["Status"]?["State"] == "ready"
                && (o["ManagerStatus"] is null || (string?)o["ManagerStatus"]!["Reachability"] == "reachable")))];
            return late.Length == 0 ? null : $"nodes not ready: {string.Join(' ', late)}";
        },
        limit);

    public string AddressOf(int node) => node == 0 ? ClientAddress : $"{Net}.{10 + node}";

    public string SocketOf(int node) => $"{RunDirectory}/n{node}.sock";

    public string NamespaceOf(int node) => $"/run/netns/skep-{Name}-{(node == 0 ? "cl" : node.ToString(CultureInfo.InvariantCulture))}";

    public EngineClient Engine(int node, TimeSpan? limit = null) => new(SocketOf(node), limit);

    /// <summary>Docker's own command line, talking to a node.</summary>
    public Task<CommandResult> DockerAsync(int node, params string[] args) => Command.RunAsync("docker", ["-H", $"unix://{SocketOf(node)}", .. args]);

    /// <summary>Our command line, talking to a node.</summary>
    public Task<CommandResult> SkepAsync(int node, params string[] args) => Command.RunAsync(Repository.Skep, ["-H", $"unix://{SocketOf(node)}", .. args]);

    /// <summary>A program in a node's network; node 0 is the client.</summary>
    public Task<CommandResult> InNodeAsync(int node, params string[] command) => Command.RunAsync("nsenter", [$"--net={NamespaceOf(node)}", .. command]);

    /// <summary>What the outside client gets from a URL; fails after three seconds.</summary>
    public async Task<string> FetchAsync(string url) => (await InNodeAsync(0, "curl", "-sS", "-m", "3", url).ConfigureAwait(false)).Succeeded().Out;

    /// <summary>Runs cluster.sh.</summary>
    public async Task ScriptAsync(params string[] args)
        => (await Command.RunAsync(Repository.PathOf("cluster.sh"), args, null, _environment, TimeSpan.FromSeconds(120)).ConfigureAwait(false)).Succeeded();

    public int PidOf(int node, string program) => int.Parse(File.ReadAllText($"{RunDirectory}/n{node}/{program}.pid"), CultureInfo.InvariantCulture);

    /// <summary>Sends a signal to a node's skepd or containerd.</summary>
    public async Task SignalAsync(int node, string program, string signal)
        => (await Command.RunAsync("kill", $"-{signal}", PidOf(node, program).ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false)).Succeeded();

    /// <summary>Loads an image archive on one node; the others get it from there.</summary>
    public async Task LoadAsync(int node, string archive) => (await DockerAsync(node, "image", "load", "-i", archive).ConfigureAwait(false)).Succeeded();

    /// <summary>The last lines of every daemon's log: goes with every failure.</summary>
    public string LogTails(int lines = 25) => string.Join('\n', Nodes.SelectMany(n => new[] { "skepd", "containerd" }.Select(p => (Node: n, Program: p, File: $"{RunDirectory}/n{n}/{p}.log")))
        .Where(l => File.Exists(l.File))
        .Select(l => $"--- n{l.Node} {l.Program}.log\n{string.Join('\n', ReadShared(l.File).Where(line => l.Program == "skepd" || IsTrouble(line)).TakeLast(lines))}"));

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _guard.Dispose();
        }
    }

    /// <summary>containerd tells of every step; only what went wrong is of use here.</summary>
    private static bool IsTrouble(string line) => line.Contains("level=warn", StringComparison.Ordinal) || line.Contains("level=error", StringComparison.Ordinal);

    private static List<string> ReadShared(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }
}
