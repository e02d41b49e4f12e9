using System.Text.Json.Nodes;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Clusters;

/// <summary>What facts about the cluster share: the cluster, services that go when the fact ends, and waits.</summary>
public abstract class ClusterFacts
{
    protected const int Outsider = SharedCluster.Outsider;
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);
    private static int _names;
    private static int _ports = 8100; // Below are the ports of flags.txt and seed-commands.txt.
    private readonly List<(string Kind, string Name)> _made = [];

    private protected TestCluster Cluster { get; private set; } = null!;

    /// <summary>Runs a fact; failures come with the daemons' last words, and what it made is removed.</summary>
    private protected async Task OnClusterAsync(Func<Task> fact)
    {
        Cluster = await SharedCluster.GetAsync();
        await ClusterFailure.WithLogsAsync(Cluster, async () =>
        {
            try
            {
                await fact();
            }
            finally
            {
                await RemoveMadeAsync();
            }
        });
    }

    /// <summary>A name nothing else in this run has.</summary>
    private protected static string NewName(string stem) => $"{stem}{Interlocked.Increment(ref _names)}";

    /// <summary>A port to publish that nothing else in this run does: facts share the cluster.</summary>
    private protected static int NewPort() => Interlocked.Increment(ref _ports);

    /// <summary>Removed when the fact ends; the last made goes first.</summary>
    private protected void RemoveAtEnd(string kind, string name) => _made.Add((kind, name));

    private protected Task<CommandResult> DockerAsync(params string[] args) => Cluster.DockerAsync(1, args);

    /// <summary>Creates a service of the probe, without waiting.</summary>
    private protected async Task<string> ServiceAsync(string stem, params string[] options) => await ServiceOfAsync(stem, "probe:latest", options);

    private protected async Task<string> ServiceOfAsync(string stem, string image, string[] options, params string[] command)
    {
        string name = NewName(stem);
        RemoveAtEnd("service", name);
        (await DockerAsync(["service", "create", "-d", "--no-resolve-image", "--name", name, "--stop-grace-period", "2s", "--restart-delay", "500ms", .. options, image, .. command])).Succeeded();
        return name;
    }

    /// <summary>Options for a service that counts as running only once its program listens, so that no request meets one that does not yet.</summary>
    private protected static readonly string[] ListensFirst = ["--health-cmd", "/usr/bin/perl /usr/bin/probe health", "--health-interval", "200ms", "--health-retries", "20"];

    private protected Task UntilRunningAsync(string service, int count) => Eventually.BecomesAsync(
        async () =>
        {
            using EngineClient engine = Cluster.Engine(1);
            JsonObject[] tasks = await engine.TasksAsync(service);
            int running = tasks.Count(EngineClient.IsRunning);
            return running == count ? null : $"{service} runs {running}/{count}: {string.Join("; ", tasks.Select(Describe))}";
        },
        Limit);

    private protected async Task<JsonObject[]> TasksAsync(string service)
    {
        using EngineClient engine = Cluster.Engine(1);
        return await engine.TasksAsync(service);
    }

    private protected async Task<JsonObject[]> RunningAsync(string service) => [.. (await TasksAsync(service)).Where(EngineClient.IsRunning)];

    /// <summary>Waits until some task of the service shows what is wanted.</summary>
    private protected Task UntilTaskAsync(string service, Func<JsonObject, bool> wanted, string what) => Eventually.BecomesAsync(
        async () =>
        {
            JsonObject[] tasks = await TasksAsync(service);
            return tasks.Any(wanted) ? null : $"{service}: no task {what}: {string.Join("; ", tasks.Select(Describe))}";
        },
        Limit);

    private protected static string State(JsonObject task) => (string)task["Status"]!["State"]!;

    private protected static string Error(JsonObject task) => (string?)task["Status"]!["Err"] ?? "";

    private protected static string Describe(JsonObject task)
        => $"slot {task["Slot"]} {task["Status"]!["State"]} (wanted {task["DesiredState"]}) {Error(task)}{(string?)task["Status"]!["Message"]}";

    /// <summary>A path of the probe, asked from outside until it answers.</summary>
    private protected async Task<string> AskAsync(int node, int port, string path)
    {
        string answer = "";
        await Eventually.TrueAsync(
            async () => (answer = await Cluster.FetchAsync($"http://{Cluster.AddressOf(node)}:{port}{path}")).Length > 0,
            TimeSpan.FromSeconds(15),
            () => $"an answer of n{node}:{port}{path}");
        return answer.TrimEnd('\n');
    }

    private protected Task UntilUpdateAsync(string service, string state) => Eventually.EqualAsync(
        state,
        async () =>
        {
            using EngineClient engine = Cluster.Engine(1);
            return (string?)(await engine.GetAsync($"services/{service}"))!["UpdateStatus"]?["State"];
        },
        TimeSpan.FromSeconds(60),
        $"update of {service}");

    private async Task RemoveMadeAsync()
    {
        foreach ((string kind, string name) in Enumerable.Reverse(_made))
        {
            if (kind is "network" or "secret" or "config" or "volume")
            {
                // The last task that uses it has to go first.
                await Eventually.TrueAsync(async () => await IsGoneAsync(kind, name), Limit, () => $"{kind} {name} to go");
            }
            else
            {
                await DockerAsync(kind, "rm", name);
            }
        }

        _made.Clear();
    }

    private async Task<bool> IsGoneAsync(string kind, string name)
    {
        CommandResult result = await DockerAsync(kind, "rm", name);
        return result.Code == 0 || result.Error.Contains("not found", StringComparison.OrdinalIgnoreCase) || result.Error.Contains("no such", StringComparison.OrdinalIgnoreCase);
    }
}
