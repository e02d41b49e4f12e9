using Skep.Testing.Browsers;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Pages;

/// <summary>How the page is used: who gets in, by keyboard, on a phone, in the dark, and never asking anybody else.</summary>
public sealed class UseTests : PageFacts
{
    [Fact]
    public Task A_link_opens_one_page_and_its_cookie_is_out_of_scripts_reach() => OnClusterAsync(async () =>
    {
        string link = await LinkAsync(1);
        await using (Page page = await OpenAsync())
        {
            await page.GoToAsync(link);
            await page.UntilAsync("document.querySelectorAll('.node').length >= 3", "the nodes");
            Assert.Equal("", (string?)await page.EvaluateAsync("document.cookie"));
            Assert.DoesNotContain("token", (string?)await page.EvaluateAsync("location.href"));
            await page.ReloadAsync();
            await page.UntilAsync("document.querySelectorAll('.node').length >= 3", "the nodes after a reload");
        }

        await using Page other = await OpenAsync();
        await other.GoToAsync(link);
        await other.UntilTextAsync("body", "good once");
        Assert.Equal(0, await other.CountAsync(".node"));
    });

    [Fact]
    public Task Signing_out_takes_the_page_away_and_it_does_not_come_back() => OnClusterAsync(async () =>
    {
        await using Page page = await OpenAsync();
        await page.GoToAsync(await LinkAsync(1));
        await page.UntilAsync("document.querySelectorAll('.node').length >= 3 && !document.getElementById('leave').hidden", "the nodes, and the way out");
        await page.ClickAsync("#leave");
        await page.UntilTextAsync("body", "good once");
        await page.ReloadAsync();
        await page.UntilTextAsync("body", "good once");
        Assert.Equal(0, await page.CountAsync(".node"));
    });

    [Fact]
    public Task Nobody_else_can_be_asked_for_anything() => OnClusterAsync(async () =>
    {
        await using Page page = await OpenAsync();
        await page.GoToAsync(await LinkAsync(2));
        await page.UntilAsync("document.querySelectorAll('.node').length >= 3", "the nodes");
        foreach (string tab in new[] { "services", "stacks", "networks", "events", "nodes" })
        {
            await ViewAsync(page, tab);
        }

        Assert.All(page.Requests, url => Assert.StartsWith($"http://{Cluster.AddressOf(2)}:8900/", url));
        Assert.Empty(page.Complaints);
        // Another manager's page is another host, too; it answers, but the content policy does not let this page ask.
        Assert.Equal("refused", (string?)await page.EvaluateAsync($"fetch('http://{Cluster.AddressOf(1)}:8900/_ping', {{ mode: 'no-cors' }}).then(() => 'asked', () => 'refused')"));
        await Eventually.TrueAsync(() => Task.FromResult(page.Complaints.Any(c => c.Contains("Content Security Policy", StringComparison.Ordinal))), Limit, () => "the policy's complaint");
    });

    [Fact]
    public Task Everything_is_reached_with_the_keyboard() => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("keyed", "--replicas", "1");
        await UntilRunningAsync(name, 1);
        await page.PressAsync("2");
        await page.UntilAsync("location.hash === '#services' && document.querySelector('[data-tab=services]').getAttribute('aria-selected') === 'true'", "the services");
        await page.PressAsync("/");
        await page.UntilAsync("document.activeElement.id === 'filter'", "the filter");
        await page.PressAsync([.. name.Select(c => c.ToString())]);
        await page.UntilAsync($"document.querySelectorAll('.row').length === 1 && document.querySelector('.row').innerText.includes({Page.Quoted(name)})", $"only {name}");
        await page.PressAsync("Tab", "Tab", "Tab");
        await page.UntilAsync("document.activeElement.classList.contains('row')", "the row in focus");
        Assert.NotEqual("none", (string?)await page.EvaluateAsync("getComputedStyle(document.activeElement).outlineStyle"));
        await page.PressAsync("Enter");
        await page.UntilAsync("!document.getElementById('drawer').hidden && document.activeElement.classList.contains('close')", "the details in focus");
        await page.PressAsync("Tab", "Enter");
        await page.UntilAsync("document.querySelector('dialog[open] input') === document.activeElement", "the question");
        await page.PressAsync("2", "Enter");
        await UntilRunningAsync(name, 2);
        await page.PressAsync("Escape");
        await page.UntilAsync("document.getElementById('drawer').hidden && document.activeElement.classList.contains('row')", "the row in focus again");
        await page.PressAsync("Escape");
        await page.UntilAsync("document.getElementById('filter').value === ''", "no filter");
        await page.PressAsync("?");
        await page.UntilTextAsync("dialog[open]", "Keys");
        await page.PressAsync("Escape");
        await page.UntilAsync("!document.querySelector('dialog[open]')", "no dialog");
        await page.EvaluateAsync("document.querySelector('[aria-selected=true]').focus()");
        await page.PressAsync("ArrowRight");
        await page.UntilAsync("location.hash === '#stacks' && document.activeElement.dataset.tab === 'stacks'", "the next view");
    });

    [Theory]
    [InlineData(320)]
    [InlineData(390)]
    public Task Nothing_is_wider_than_a_phone(int width) => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("narrow", "--replicas", "1", "--constraint", "node.labels.a-label-with-quite-a-long-name-that-no-node-has==and-a-value-that-is-no-shorter");
        await page.SizeAsync(width, 700, isPhone: true);
        foreach (string tab in new[] { "nodes", "services", "stacks", "networks", "events" })
        {
            await ViewAsync(page, tab);
            await page.UntilAsync($"document.getElementById('main').dataset.tab === '{tab}'", tab);
            Assert.True(await page.NumberAsync("document.documentElement.scrollWidth") <= width, $"{tab} is {await page.NumberAsync("document.documentElement.scrollWidth")} wide of {width}");
        }

        await DetailsAsync(page, name);
        await page.UntilTextAsync("#drawer .reason", "no suitable node");
        Assert.True(await page.NumberAsync("document.getElementById('drawer').scrollWidth") <= width);
        Assert.True(await page.NumberAsync("document.documentElement.scrollWidth") <= width);
    });

    [Fact]
    public Task Dark_and_light_follow_the_machine_until_somebody_chooses() => OnPageAsync(1, async page =>
    {
        const string Background = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => a + +b, 0)";
        await page.SchemeAsync("light");
        await page.UntilAsync($"{Background} > 600", "a light page");
        await page.SchemeAsync("dark");
        await page.UntilAsync($"{Background} < 200", "a dark page");
        await page.PressAsync("t");
        await page.UntilAsync($"{Background} > 600", "the light page chosen");
        await page.ReloadAsync();
        await page.UntilAsync($"document.querySelectorAll('.node').length >= 3 && {Background} > 600", "the choice kept");
    });
}

/// <summary>The page while nodes are disturbed.</summary>
[Collection(Clusters.DisturbingFacts.Name)]
public sealed class DisturbedPageTests : PageFacts
{
    [Fact]
    public Task A_drain_from_the_page_moves_the_tasks_and_activating_lets_them_come() => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("pagedrain", "--mode", "global");
        await UntilRunningAsync(name, 3);
        await page.ClickAsync("[aria-label='Drain n3']");
        await page.ClickAsync("dialog[open] .primary");
        await UntilRunningAsync(name, 2);
        await page.UntilTextAsync("[aria-label='Node n3']", "drained: takes no tasks");
        await page.ClickAsync("[aria-label='Activate n3']");
        await page.ClickAsync("dialog[open] .primary");
        await UntilRunningAsync(name, 3);
        await page.UntilAsync($"document.querySelector({Page.Quoted($"[aria-label='Node n3'] {Of(name + ".n3")}")})", "its task again");
    });

    [Fact]
    public Task An_open_page_goes_on_by_itself_when_its_daemon_was_restarted() => OnClusterAsync(async () =>
    {
        await using Page page = await OpenAsync();
        await page.GoToAsync(await LinkAsync(3));
        await page.UntilAsync("document.querySelectorAll('.node').length >= 3", "the nodes");
        await page.EvaluateAsync("window.same = true");
        await Cluster.SignalAsync(3, "skepd", "KILL");
        await page.UntilTextAsync("#trouble", "Connection lost");
        await Cluster.ScriptAsync("revive", "3");
        await page.UntilAsync("document.getElementById('trouble').hidden", "that all is well", TimeSpan.FromSeconds(40));
        string name = await ServiceAsync("pageback", "--replicas", "1");
        await ViewAsync(page, "services");
        await UntilCountAsync(page, name, 1, 1);
        Assert.True((bool?)await page.EvaluateAsync("window.same"));
    });
}
