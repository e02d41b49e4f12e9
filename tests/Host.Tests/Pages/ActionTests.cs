using System.Text.Json.Nodes;
using Skep.Testing.Browsers;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Pages;

/// <summary>What is done on the page happens in the cluster.</summary>
public sealed class ActionTests : PageFacts
{
    [Fact]
    public Task A_scale_from_the_page_happens() => OnPageAsync(2, async page =>
    {
        string name = await ServiceAsync("pagescale", "--replicas", "1", "--env", "KEPT=yes", "--label", "kept=yes");
        await UntilRunningAsync(name, 1);
        await DetailsAsync(page, name);
        await page.ClickAsync("#drawer [data-act=scale]");
        await page.UntilAsync("document.activeElement?.type === 'number'", "the question");
        await page.PressAsync("3", "Enter");
        await UntilRunningAsync(name, 3);
        await page.UntilTextAsync("#drawer .head", "3 of 3 running");
        JsonNode spec = (await Cluster.Engine(1).GetAsync($"services/{name}"))!["Spec"]!;
        Assert.Equal(3, (int)spec["Mode"]!["Replicated"]!["Replicas"]!);
        Assert.Equal("yes", (string?)spec["Labels"]!["kept"]);
        Assert.Equal("KEPT=yes", (string?)spec["TaskTemplate"]!["ContainerSpec"]!["Env"]![0]);
    });

    [Fact]
    public Task A_forced_update_from_the_page_replaces_every_task() => OnPageAsync(3, async page =>
    {
        string name = await ServiceAsync("pageforce", "--replicas", "2");
        await UntilRunningAsync(name, 2);
        HashSet<string> before = [.. (await RunningAsync(name)).Select(t => (string)t["ID"]!)];
        await DetailsAsync(page, name);
        await page.ClickAsync("#drawer [data-act=force]");
        await page.ClickAsync("dialog[open] .primary");
        await Eventually.TrueAsync(async () => await RunningAsync(name) is { Length: 2 } now && now.All(t => !before.Contains((string)t["ID"]!)), Limit, () => "two new tasks");
    });

    [Fact]
    public Task An_update_shows_how_far_it_is_and_is_rolled_back_from_the_page() => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("pageupdate", "--replicas", "3", "--update-delay", "700ms", "--update-order", "start-first", "--rollback-parallelism", "0");
        await UntilRunningAsync(name, 3);
        await DetailsAsync(page, name);
        // Each step the page shows is written down: they are short.
        await page.EvaluateAsync("""
            window.steps = new Set();
            new MutationObserver(() => { const t = document.querySelector('#drawer .update span')?.innerText; if (t) window.steps.add(t); }).observe(document.getElementById('drawer'), { childList: true, subtree: true, characterData: true });
            """);
        (await DockerAsync("service", "update", "-d", "--env-add", "NEW=1", name)).Succeeded();
        await page.UntilAsync("['Update: 1 of 3 new', 'Update: 2 of 3 new'].every(s => window.steps.has(s))", "the update's steps");
        await UntilUpdateAsync(name, "completed");
        await page.UntilAsync("!document.querySelector('#drawer .update')", "the update's end");
        await page.ClickAsync("#drawer [data-act=rollback]");
        await page.ClickAsync("dialog[open] .primary");
        await UntilUpdateAsync(name, "rollback_completed");
        JsonNode container = (await Cluster.Engine(1).GetAsync($"services/{name}"))!["Spec"]!["TaskTemplate"]!["ContainerSpec"]!;
        Assert.True(container["Env"] is null or JsonArray { Count: 0 }, container.ToJsonString());
        await page.UntilTextAsync("#drawer", "rollback completed");
    });

    [Fact]
    public Task What_the_engine_refuses_is_told_in_its_own_words() => OnClusterAsync(async () =>
    {
        await using Page page = await OpenAsync();
        await page.GoToAsync(await LinkAsync(1));
        await page.UntilAsync("document.querySelectorAll('.node').length >= 3", "the nodes");
        string name = await ServiceAsync("pagerefused", "--replicas", "1", "--limit-memory", "64m");
        await DetailsAsync(page, name);
        await page.UntilAsync("document.querySelector('#drawer [data-act=scale]')", "the way to scale");
        // In one go: the page draws its details anew with every change of the service.
        await page.EvaluateAsync("(b => { b.dataset.id = 'nosuchservice'; b.click(); })(document.querySelector('#drawer [data-act=force]'))");
        await page.ClickAsync("dialog[open] .primary");
        await page.UntilTextAsync("#toast.bad", "nosuchservice not found");
    });
}
