using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Skep.Testing.Browsers;

namespace Skep.Bench.Cluster;

/// <summary>The pictures of docs/screenshots: the getting-started stack, a service that no node takes, one that fails, one in the middle of an update.</summary>
internal sealed class PagePictures(Engine engine, Settings settings)
{
    private readonly Dictionary<string, string> _services = new(StringComparer.Ordinal);

    public async Task TakeAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(settings.Pictures);
        string redis = Directory.CreateTempSubdirectory("skep-pictures-").FullName;
        await RunAsync($"WEB_PORT=80 VISUALIZER_PORT=8080 REDIS_DATA={redis} ENGINE_SOCKET={settings.ClusterRun.TrimEnd('/')}/{{{{.Node.Hostname}}}}.sock docker -H {settings.Host} stack deploy --detach=true --resolve-image never -c demo/compose.yml getstarted", ct);
        await AddAsync("shop_orders", 6, [.. settings.Command], null, ct);
        await AddAsync("shop_search", 3, [.. settings.Command], null, ct);
        await AddAsync("reports", 2, [.. settings.Command], "node.labels.disk==ssd", ct);
        await AddAsync("mailer", 1, ["/usr/bin/perl", "-e", "print STDERR qq(mailer: no configuration at /etc/mailer.conf\\n); exit 78"], null, ct);
        try
        {
            await using Browser browser = await Browser.StartAsync($"/run/netns/{Path.GetFileName(settings.ClusterRun.TrimEnd('/'))}-cl");
            await using Page page = await browser.OpenAsync();
            await page.SizeAsync(1280, 800);
            await page.SchemeAsync("light");
            await page.GoToAsync((string)(await engine.PostAsync("../dashboard/link", null, ct))!);
            await page.UntilAsync("document.querySelector('[aria-label^=\"shop_orders, 6 of 6\"]') || (location.hash = 'services', false)", "six orders", TimeSpan.FromSeconds(60));
            await page.EvaluateAsync("location.hash = 'nodes'");
            await page.UntilAsync("document.querySelector('.chart polyline')?.getAttribute('points').split(' ').length >= 10", "ten samples", TimeSpan.FromSeconds(60));
            await PictureAsync(page, "nodes", ct);
            await page.SchemeAsync("dark");
            await PictureAsync(page, "dark", ct);
            await page.SizeAsync(390, 844, isPhone: true, scale: 2);
            await page.SchemeAsync("light");
            await PictureAsync(page, "phone", ct);
            await page.SizeAsync(1280, 800);
            await page.EvaluateAsync("location.hash = 'services'");
            await page.ClickAsync("[aria-label^=\"getstarted_web, \"]");
            await page.UntilAsync("document.querySelectorAll('.logs div').length >= 5", "its log");
            await PictureAsync(page, "service", ct);
            await page.ClickAsync("#drawer .close");
            await page.ClickAsync("[aria-label^=\"reports, \"]");
            await page.UntilTextAsync("#drawer .reason", "no suitable node");
            await page.ClickAsync("#drawer [aria-label^=\"reports.1, \"]");
            await page.UntilTextAsync("#drawer .reason", "Why it does not run");
            await PictureAsync(page, "stuck", ct);
            await page.ClickAsync("#drawer .close");
            await engine.UpdateServiceAsync(_services["shop_orders"], spec => spec["TaskTemplate"]!["ContainerSpec"]!["Env"] = new JsonArray { "RELEASE=2" }, ct);
            await page.UntilAsync("document.querySelector('.update')?.innerText.includes('3 of 6')", "the update's middle", TimeSpan.FromSeconds(60));
            await PictureAsync(page, "update", ct);
        }
        finally
        {
            foreach (string id in _services.Values)
            {
                await engine.DeleteAsync($"services/{id}", CancellationToken.None);
            }

            await RunAsync($"docker -H {settings.Host} stack rm getstarted", CancellationToken.None);
            Directory.Delete(redis, recursive: true);
        }
    }

    private async Task AddAsync(string name, int replicas, string[] command, string? constraint, CancellationToken ct) => _services[name] = await engine.CreateServiceAsync(
        new JsonObject
        {
            ["Name"] = name,
            ["Labels"] = name.StartsWith("shop_", StringComparison.Ordinal) ? new JsonObject { ["com.docker.stack.namespace"] = "shop" } : [],
            ["TaskTemplate"] = new JsonObject
            {
                ["ContainerSpec"] = new JsonObject { ["Image"] = settings.Image, ["Command"] = new JsonArray([.. command.Select(c => JsonValue.Create(c))]) },
                ["Placement"] = new JsonObject { ["Constraints"] = new JsonArray([.. new[] { constraint }.OfType<string>().Select(c => JsonValue.Create(c))]) },
                ["RestartPolicy"] = new JsonObject { ["Delay"] = 3_000_000_000 },
            },
            ["Mode"] = new JsonObject { ["Replicated"] = new JsonObject { ["Replicas"] = replicas } },
            ["UpdateConfig"] = new JsonObject { ["Parallelism"] = 1, ["Delay"] = 2_000_000_000, ["Order"] = "start-first" },
        },
        ct);

    /// <summary>After the colours have changed, which takes a fifth of a second.</summary>
    private async Task PictureAsync(Page page, string name, CancellationToken ct)
    {
        await page.EvaluateAsync("new Promise(done => setTimeout(done, 500))");
        await File.WriteAllBytesAsync(Path.Combine(settings.Pictures, name + ".png"), await page.ScreenshotAsync(), ct);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{settings.Pictures}/{name}.png"));
    }

    private static async Task RunAsync(string command, CancellationToken ct)
    {
        using Process process = Process.Start("sh", ["-c", command]);
        await process.WaitForExitAsync(ct);
    }
}
