using Skep.Host.Tests.Clusters;
using Skep.Testing.Browsers;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Pages;

/// <summary>Facts about the dashboard as a browser on the client's machine shows it, with the cluster behind it.</summary>
public abstract class PageFacts : ClusterFacts
{
    // One for all: it ends with this process, whose pipe it reads.
    private static readonly Lazy<Task<Browser>> SharedBrowser = new(static async () => await Browser.StartAsync((await SharedCluster.GetAsync()).NamespaceOf(0)));

    /// <summary>Runs a fact on a page of a manager's dashboard that has come in by a link of its own. In the end it may have asked nobody else for anything, and complained of nothing.</summary>
    private protected Task OnPageAsync(int node, Func<Page, Task> fact) => OnClusterAsync(async () =>
    {
        await using Page page = await OpenAsync();
        await page.GoToAsync(await LinkAsync(node));
        await page.UntilAsync("document.querySelectorAll('.node').length >= 3 && document.getElementById('trouble').hidden", "three nodes");
        await fact(page);
        Assert.Empty(page.Complaints);
        Assert.All(page.Requests, url => Assert.StartsWith($"http://{Cluster.AddressOf(node)}:8900/", url));
    });

    private protected static async Task<Page> OpenAsync() => await (await SharedBrowser.Value).OpenAsync();

    /// <summary>What <c>skep dashboard</c> prints.</summary>
    private protected async Task<string> LinkAsync(int node) => (await Cluster.SkepAsync(node, "dashboard")).Succeeded().Out.Trim();

    /// <summary>The row of a service, or the tile of a task.</summary>
    private protected static string Of(string name) => $"[aria-label^=\"{name}, \"]";

    private protected static Task ViewAsync(Page page, string tab) => page.ClickAsync($"[data-tab={tab}]");

    /// <summary>Opens the details of a service. Not with the mouse: other facts' services come and go, and its row moves.</summary>
    private protected static async Task DetailsAsync(Page page, string service)
    {
        await ViewAsync(page, "services");
        await page.UntilAsync($"(document.querySelector({Page.Quoted("main " + Of(service))})?.click(), document.querySelector('#drawer h2')?.innerText === {Page.Quoted(service)})", $"the details of {service}");
    }

    /// <summary>A service's row says how many run of those wanted.</summary>
    private protected static Task UntilCountAsync(Page page, string service, int running, int wanted)
        => page.UntilAsync($"document.querySelector({Page.Quoted($"main [aria-label=\"{service}, {running} of {wanted} running\"]")})", $"{service} with {running} of {wanted} running");
}
