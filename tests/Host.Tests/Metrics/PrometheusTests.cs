using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Metrics;

/// <summary>Debian's Prometheus beside a node: finds nodes, services and tasks through the Engine API, and scrapes each node's metrics.</summary>
public sealed partial class PrometheusTests : ClusterFacts
{
    [Fact]
    public Task What_a_daemon_tells_of_itself_is_what_promtool_wants() => OnClusterAsync(async () =>
    {
        string text = (await Cluster.InNodeAsync(1, "curl", "-sSf", "-m", "5", $"http://{Cluster.AddressOf(1)}:9323/metrics")).Succeeded().Out;
        (await Command.RunAsync("promtool", ["check", "metrics"], text, null, TimeSpan.FromSeconds(20))).Succeeded();
        foreach (string name in new[]
        {
            "skep_raft_term", "skep_raft_commit_duration_seconds_count", "skep_raft_wal_sync_duration_seconds_count", "skep_store_objects{kind=\"node\"}", "skep_store_batches_total",
            "swarm_manager_nodes{state=\"ready\"}", "skep_tasks{state=\"running\"}", "skep_api_requests_total", "skep_api_request_duration_seconds_bucket", "process_resident_memory_bytes",
            "dotnet_gc_collections_total", "swarm_manager_leader",
        })
        {
            Assert.Contains($"\n{name}", text);
        }

        Assert.True(text.Split('\n').Length < 1500, "metrics grew out of hand");
    });

    [Fact]
    public Task Prometheus_finds_nodes_services_and_tasks_and_scrapes_every_node() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string web = await ServiceAsync("scraped", "-p", $"{port}:80", "--network", SharedCluster.Network, "--label", "team=bees");
        await UntilRunningAsync(web, 1);
        string folder = Directory.CreateTempSubdirectory("skep-prometheus-").FullName;
        string sd = $"host: unix://{Cluster.SocketOf(1)}, refresh_interval: 1s";
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), $$"""
            global: { scrape_interval: 1s }
            scrape_configs:
            - job_name: nodes
              dockerswarm_sd_configs: [ { {{sd}}, role: nodes } ]
              relabel_configs:
              - { source_labels: [__meta_dockerswarm_node_address], target_label: __address__, replacement: "$1:9323" }
              - { source_labels: [__meta_dockerswarm_node_hostname], target_label: instance }
            - job_name: services
              dockerswarm_sd_configs: [ { {{sd}}, role: services } ]
            - job_name: tasks
              dockerswarm_sd_configs: [ { {{sd}}, role: tasks } ]
            """);
        var start = new ProcessStartInfo("nsenter", [
            $"--net={Cluster.NamespaceOf(1)}", "prometheus", $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:9090", "--log.level=warn",
        ]);
        using Process prometheus = Process.Start(start)!;
        try
        {
            await Eventually.BecomesAsync(
                async () => Missing(await AskAsync("targets"), web),
                Limit);
            // One manager leads, and all three say how many nodes there are.
            await Eventually.BecomesAsync(
                async () =>
                {
                    string leaders = await QueryAsync("sum(swarm_manager_leader)"), views = await QueryAsync("count(swarm_manager_nodes{state=\"ready\"} >= 3)");
                    return (leaders, views) == ("1", "3") ? null : $"leaders {leaders}, views {views}";
                },
                Limit);
        }
        finally
        {
            prometheus.Kill(entireProcessTree: true);
            await prometheus.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    });

    /// <summary>Each expression of the Grafana dashboard is one, and names only what a cluster in use has.</summary>
    [Fact]
    public Task The_Grafana_dashboard_asks_for_metrics_that_are_there() => OnClusterAsync(async () =>
    {
        JsonNode dashboard = JsonNode.Parse(await File.ReadAllTextAsync(Repository.PathOf("packaging", "grafana", "skep.json")))!;
        string[] expressions = [.. dashboard["panels"]!.AsArray().SelectMany(p => p!["targets"]?.AsArray() ?? []).Select(t => (string)t!["expr"]!)];
        Assert.InRange(expressions.Length, 20, 100);
        Assert.Equal(dashboard["panels"]!.AsArray().Count, dashboard["panels"]!.AsArray().Select(p => (int)p!["id"]!).Distinct().Count());

        string rules = Path.GetTempFileName();
        await File.WriteAllTextAsync(rules, new JsonObject
        {
            ["groups"] = new JsonArray
            {
                new JsonObject
                {
                    ["name"] = "dashboard",
                    ["rules"] = new JsonArray([.. expressions.Select((e, i) => new JsonObject { ["record"] = $"expression:{i}", ["expr"] = e.Replace("$__rate_interval", "1m", StringComparison.Ordinal) })]),
                },
            },
        }.ToJsonString());
        (await Command.RunAsync("promtool", "check", "rules", rules)).Succeeded();
        File.Delete(rules);

        string web = await ServiceAsync("drawn", "--network", SharedCluster.Network);
        await UntilRunningAsync(web, 1);
        await ServiceAsync("undrawn", "--constraint", "node.labels.nowhere==yes"); // A reason to wait is there while something waits.
        string[] named = [.. expressions.SelectMany(e => MetricName().Matches(e).Select(m => m.Value)).Distinct()];
        Assert.InRange(named.Length, 20, 100);
        await Eventually.BecomesAsync(
            async () =>
            {
                var there = new HashSet<string>(StringComparer.Ordinal);
                foreach (int node in new[] { 1, 2, 3 })
                {
                    CommandResult text = await Cluster.InNodeAsync(node, "curl", "-sSf", "-m", "5", $"http://{Cluster.AddressOf(node)}:9323/metrics");
                    there.UnionWith(text.Succeeded().Lines.Where(l => !l.StartsWith('#')).Select(l => l.Split('{', ' ')[0]));
                }

                string[] missing = [.. named.Where(n => !there.Contains(n))];
                return missing.Length == 0 ? null : $"no node has {string.Join(", ", missing)}";
            },
            Limit);
    });

    [GeneratedRegex(@"\b(skep|swarm|process|dotnet)_[a-z0-9_]+")]
    private static partial Regex MetricName();

    private async Task<string> QueryAsync(string expression)
        => (string?)(await AskAsync("query", "-G", "--data-urlencode", $"query={expression}"))["data"]?["result"]?.AsArray().FirstOrDefault()?["value"]?[1] ?? "none";

    /// <exception cref="CommandFailedException">No answer, or an error: while it starts, Prometheus answers 503 in plain text.</exception>
    private async Task<JsonNode> AskAsync(string path, params string[] options)
        => JsonNode.Parse((await Cluster.InNodeAsync(1, ["curl", "-sSf", "-m", "3", .. options, $"http://127.0.0.1:9090/api/v1/{path}"])).Succeeded().Out)!;

    private static string? Missing(JsonNode answer, string service)
    {
        JsonNode[] targets = [.. answer["data"]!["activeTargets"]!.AsArray().Select(t => t!)];
        JsonNode[] Of(string pool, string label, string value) => [.. targets.Where(t => (string?)t["scrapePool"] == pool && (string?)t["discoveredLabels"]![$"__meta_dockerswarm_{label}"] == value)];
        var lacks = new List<string>();
        lacks.AddRange(new[] { "n1", "n2", "n3" }.Where(n => !Of("nodes", "node_hostname", n).Any(t => (string?)t["health"] == "up")).Select(n => $"node {n} up"));
        if (!Of("services", "service_name", service).Any(t => (string?)t["discoveredLabels"]!["__meta_dockerswarm_service_label_team"] == "bees"))
        {
            lacks.Add($"service {service} with its label");
        }

        if (!Of("tasks", "service_name", service).Any(t => (string?)t["discoveredLabels"]!["__meta_dockerswarm_network_name"] == SharedCluster.Network))
        {
            lacks.Add($"task of {service} with its network");
        }

        return lacks.Count == 0 ? null : $"Prometheus lacks {string.Join(", ", lacks)} among {targets.Length} targets";
    }
}
