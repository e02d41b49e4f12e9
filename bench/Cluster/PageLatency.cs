using System.Globalization;
using System.Text.Json.Nodes;
using Skep.Testing.Browsers;

namespace Skep.Bench.Cluster;

/// <summary>From a change in the cluster to the pixel: a real browser on the client's machine looks at the dashboard while the Engine API is used. Both read the same clock.</summary>
internal sealed class PageLatency(Engine engine, Settings settings)
{
    private const int Rounds = 30;

    public async Task MeasureAsync(CancellationToken ct)
    {
        string link = (string)(await engine.PostAsync("../dashboard/link", null, ct))!;
        await using Browser browser = await Browser.StartAsync($"/run/netns/{Path.GetFileName(settings.ClusterRun.TrimEnd('/'))}-cl");
        await using Page page = await browser.OpenAsync();
        await page.GoToAsync(link);
        await page.UntilAsync("document.querySelectorAll('.node').length > 0 && document.getElementById('trouble').hidden", "the nodes");
        // The moment at which the frame after the change is made, in milliseconds of the epoch.
        await page.EvaluateAsync("""
            window.seen = (holds) => new Promise(done => {
              const look = () => { if (holds()) { o.disconnect(); requestAnimationFrame(() => done(performance.timeOrigin + performance.now())); } };
              const o = new MutationObserver(look);
              o.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
              look();
            });
            """);
        await LabelAsync(page, ct);
        await page.EvaluateAsync("location.hash = 'services'");
        await ScaleAsync(page, ct);
        await page.EvaluateAsync("location.hash = 'nodes'");
        await RunningAsync(page, ct);
    }

    /// <summary>A node's label, which nothing else in the cluster reacts to.</summary>
    private async Task LabelAsync(Page page, CancellationToken ct)
    {
        string id = (string)((JsonArray)(await engine.GetAsync("nodes", ct))!)[0]!["ID"]!;
        var times = new List<double>();
        for (int i = 0; i <= Rounds; i++)
        {
            string value = $"round{i}";
            Task<JsonNode?> shown = page.EvaluateAsync($"seen(() => document.body.innerText.includes('bench={value}'))");
            await RestAsync(page, i);
            await SetLabelAsync(id, value, ct);
            times.Add(await SinceAsync(Now(), shown));
        }

        await SetLabelAsync(id, null, ct);
        Bench.Report("node label accepted -> seen on the page", times.Skip(1), "ms");
    }

    /// <summary>Wanted replicas of a service no node takes, so that only the number changes.</summary>
    private async Task ScaleAsync(Page page, CancellationToken ct)
    {
        JsonObject spec = new()
        {
            ["Name"] = "bench-page",
            ["TaskTemplate"] = new JsonObject
            {
                ["ContainerSpec"] = new JsonObject { ["Image"] = settings.Image },
                ["Placement"] = new JsonObject { ["Constraints"] = new JsonArray { "node.labels.nowhere==yes" } },
            },
            ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = 1 } },
        };
        string id = await engine.CreateServiceAsync(spec, ct);
        var times = new List<double>();
        for (int i = 0; i <= Rounds; i++)
        {
            int replicas = (i % 5) + 2;
            Task<JsonNode?> shown = page.EvaluateAsync($"seen(() => document.querySelector('[aria-label=\"bench-page, 0 of {replicas} running\"]'))");
            await RestAsync(page, i);
            await engine.UpdateServiceAsync(id, s => s["Mode"]!["Replicated"]!["Replicas"] = replicas, ct);
            times.Add(await SinceAsync(Now(), shown));
        }

        await engine.DeleteAsync($"services/{id}", ct);
        Bench.Report("service scale accepted -> seen on the page", times.Skip(1), "ms");
    }

    /// <summary>A container that runs, by the worker's own time stamp, which says when it saw that.</summary>
    private async Task RunningAsync(Page page, CancellationToken ct)
    {
        var times = new List<double>();
        for (int i = 0; i <= settings.Repeats; i++)
        {
            string name = $"bench-runs{i}";
            Task<JsonNode?> shown = page.EvaluateAsync($"seen(() => document.querySelector('[aria-label=\"{name}.1, running\"]'))");
            string id = await engine.CreateServiceAsync(
                new JsonObject
                {
                    ["Name"] = name,
                    ["TaskTemplate"] = new JsonObject { ["ContainerSpec"] = new JsonObject { ["Image"] = settings.Image, ["Command"] = new JsonArray([.. settings.Command.Select(c => JsonValue.Create(c))]) } },
                    ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = 1 } },
                },
                ct);
            double at = (double)(await shown)!;
            string stamp = (string)(await engine.TasksAsync(id, ct)).Single(t => (string?)t!["Status"]!["State"] == "running")!["Status"]!["Timestamp"]!;
            times.Add(at - (DateTimeOffset.Parse(stamp, CultureInfo.InvariantCulture) - DateTimeOffset.UnixEpoch).TotalMilliseconds);
            await engine.DeleteAsync($"services/{id}", ct);
        }

        Bench.Report("task runs on its node -> seen on the page", times.Skip(1), "ms");
    }

    private async Task SetLabelAsync(string id, string? value, CancellationToken ct)
    {
        JsonNode node = (await engine.GetAsync($"nodes/{id}", ct))!;
        JsonNode spec = node["Spec"]!.DeepClone();
        JsonObject labels = spec["Labels"] as JsonObject ?? [];
        labels.Remove("bench");
        if (value is not null)
        {
            labels["bench"] = value;
        }

        spec["Labels"] = labels.DeepClone();
        await engine.PostAsync($"nodes/{id}/update?version={node["Version"]!["Index"]}", spec, ct);
    }

    /// <summary>Changes come at any moment of the feed's interval, not always right after the one before.</summary>
    private static Task RestAsync(Page page, int round) => page.EvaluateAsync($"new Promise(done => setTimeout(done, {(300 + (round * 137 % 900)).ToString(CultureInfo.InvariantCulture)}))");

    private static double Now() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalMilliseconds;

    private static async Task<double> SinceAsync(double accepted, Task<JsonNode?> shown) => (double)(await shown)! - accepted;
}
