using System.Text.Json.Nodes;
using Skep.Testing.Browsers;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Pages;

/// <summary>What the page shows is what the cluster is, and follows it.</summary>
public sealed class ShownTests : PageFacts
{
    [Fact]
    public Task Nodes_are_shown_with_the_tasks_that_run_on_them() => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("seen", "--replicas", "4");
        await UntilRunningAsync(name, 4);
        JsonObject[] nodes = await Cluster.Engine(1).ListAsync("nodes");
        foreach (JsonObject task in await RunningAsync(name))
        {
            string node = (string)nodes.Single(n => (string?)n["ID"] == (string?)task["NodeID"])["Description"]!["Hostname"]!;
            string tile = $"[aria-label=\"Node {node}\"] [data-state=running]{Of($"{name}.{task["Slot"]}")}";
            await page.UntilAsync($"document.querySelector({Page.Quoted(tile)})", $"task {task["Slot"]} on {node}");
        }
    });

    [Fact]
    public Task Wanted_and_running_follow_a_scale_made_with_the_command_line() => OnPageAsync(2, async page =>
    {
        string name = await ServiceAsync("followed", "--replicas", "2");
        await ViewAsync(page, "services");
        await UntilCountAsync(page, name, 2, 2);
        (await DockerAsync("service", "scale", "-d", $"{name}=5")).Succeeded();
        await UntilCountAsync(page, name, 5, 5);
        (await DockerAsync("service", "rm", name)).Succeeded();
        await page.UntilAsync($"!document.querySelector({Page.Quoted(Of(name))})", $"no {name}");
    });

    [Fact]
    public Task A_stuck_task_says_why_where_it_is_shown() => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("stuckseen", "--constraint", "node.labels.nowhere==yes");
        await page.UntilTextAsync($"[aria-label=\"Tasks without a node\"] {Of(name + ".1")}", "scheduling constraints not satisfied on 3 nodes");
        await DetailsAsync(page, name);
        await page.UntilTextAsync("#drawer .reason", "scheduling constraints not satisfied on 3 nodes");
        await page.UntilTextAsync("[aria-label='Not all running'] " + Of(name), "no suitable node");
        await page.ClickAsync($"#drawer {Of(name + ".1")}");
        await page.UntilTextAsync("#drawer .reason", "Why it does not run");
        await page.UntilTextAsync("#drawer .reason", "The service wants node.labels.nowhere==yes.");
    });

    [Fact]
    public Task A_task_that_ended_says_with_what() => OnPageAsync(3, async page =>
    {
        string name = await ServiceAsync("endsseen", "--env", "START_EXIT=7", "--restart-max-attempts", "1");
        await DetailsAsync(page, name);
        await page.UntilAsync("document.querySelector('#drawer .reason')?.innerText.match(/exit.*7/)", "the exit code");
    });

    [Fact]
    public Task Logs_appear_while_they_are_written() => OnPageAsync(2, async page =>
    {
        string name = await ServiceAsync("logseen", "--replicas", "2", "--env", "COUNT=100");
        await UntilRunningAsync(name, 2);
        await DetailsAsync(page, name);
        await page.UntilAsync("[1, 2].every(k => [...document.querySelectorAll('.logs div')].some(l => l.innerText.includes('." + "' + k + ' line ')))", "lines of both tasks");
        await page.EvaluateAsync("window.before = document.querySelectorAll('.logs div').length");
        await page.UntilAsync("document.querySelectorAll('.logs div').length >= window.before + 10", "ten more lines");
    });

    [Fact]
    public Task Events_appear_when_something_happens() => OnPageAsync(1, async page =>
    {
        await ViewAsync(page, "events");
        string name = NewName("eventseen");
        RemoveAtEnd("config", name);
        (await Command.RunAsync("docker", ["-H", $"unix://{Cluster.SocketOf(1)}", "config", "create", name, "-"], "said", null, Limit)).Succeeded();
        await page.UntilAsync($"[...document.querySelectorAll('.events li')].some(l => l.innerText.replace(/\\s+/g, ' ').includes({Page.Quoted($"config create {name}")}))", $"the creation of {name}");
    });

    [Fact]
    public Task Stacks_and_networks_are_shown_with_their_services() => OnPageAsync(1, async page =>
    {
        string name = NewName("stackseen");
        RemoveAtEnd("stack", name);
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "services: { web: { image: 'probe:latest', networks: [inner], deploy: { replicas: 2 } } }\nnetworks: { inner: {} }\n");
        (await DockerAsync("stack", "deploy", "--resolve-image", "never", "-d", "-c", file, name)).Succeeded();
        File.Delete(file);
        await ViewAsync(page, "stacks");
        string stack = $"[aria-label=\"Stack {name}\"]";
        await page.UntilAsync($"document.querySelector({Page.Quoted($"{stack} [aria-label=\"{name}_web, 2 of 2 running\"]")})", "the stack with its service");
        Assert.Contains($"network {name}_inner", await page.TextAsync(stack));
        await ViewAsync(page, "networks");
        await page.UntilAsync($"[...document.querySelectorAll('.row')].some(r => r.innerText.includes({Page.Quoted(name + "_inner")}) && r.innerText.includes({Page.Quoted(name + "_web")}) && r.innerText.includes('overlay'))", "the network with its service");
    });

    [Fact]
    public Task Processor_and_memory_are_drawn_over_time() => OnPageAsync(1, async page =>
    {
        string name = await ServiceAsync("usageseen", "--replicas", "1");
        await UntilRunningAsync(name, 1);
        await DetailsAsync(page, name);
        await page.UntilAsync("[...document.querySelectorAll('#drawer .chart svg')].some(c => c.getAttribute('aria-label').startsWith('Memory, now ') && !c.getAttribute('aria-label').includes('now 0 '))", "a chart of memory", TimeSpan.FromSeconds(30));
        await page.UntilAsync("document.querySelector('#drawer .chart polyline').getAttribute('points').split(' ').length >= 3", "several points");
    });
}
