using System.Text.Json.Nodes;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Mesh;

/// <summary>Names inside an overlay network.</summary>
public sealed class NameTests : ClusterFacts
{
    [Fact]
    public Task A_service_name_is_its_virtual_address_and_tasks_name_is_every_task() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string api = await ServiceAsync("api", "--replicas", "3", "--network", $"name={SharedCluster.Network},alias=the-api");
        string web = await ServiceAsync("asker", "--network", SharedCluster.Network, "-p", $"{port}:80");
        await UntilRunningAsync(api, 3);
        await UntilRunningAsync(web, 1);
        using EngineClient engine = Cluster.Engine(1);
        JsonNode service = (await engine.GetAsync($"services/{api}"))!;
        string virtualAddress = ((string)service["Endpoint"]!["VirtualIPs"]![0]!["Addr"]!).Split('/')[0];
        string addresses = string.Join(' ', (await RunningAsync(api)).Select(t => ((string)t["NetworksAttachments"]![0]!["Addresses"]![0]!).Split('/')[0]).Order(StringComparer.Ordinal));
        await UntilNamedAsync(port, api, virtualAddress);
        await UntilNamedAsync(port, "the-api", virtualAddress);
        await UntilNamedAsync(port, $"tasks.{api}", addresses);

        var hosts = new HashSet<string>(StringComparer.Ordinal);
        await Eventually.TrueAsync(async () => hosts.Add((await AskAsync(1, port, $"/fetch/{api}")).Split(' ')[0]) && hosts.Count >= 3, TimeSpan.FromSeconds(20), () => $"three containers behind {api}: {string.Join(", ", hosts)}");
        Assert.DoesNotContain(hosts, h => h.StartsWith("cannot", StringComparison.Ordinal));
    });

    [Fact]
    public Task A_service_without_virtual_address_is_known_by_its_tasks() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string api = await ServiceAsync("rr", "--replicas", "2", "--endpoint-mode", "dnsrr", "--network", SharedCluster.Network);
        string web = await ServiceAsync("asker", "--network", SharedCluster.Network, "-p", $"{port}:80");
        await UntilRunningAsync(api, 2);
        await UntilRunningAsync(web, 1);
        string addresses = string.Join(' ', (await RunningAsync(api)).Select(t => ((string)t["NetworksAttachments"]![0]!["Addresses"]![0]!).Split('/')[0]).Order(StringComparer.Ordinal));
        await UntilNamedAsync(port, api, addresses);
    });

    [Fact]
    public Task A_name_of_another_network_is_not_known() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string other = NewName("othernet");
        (await DockerAsync("network", "create", "-d", "overlay", other)).Succeeded();
        RemoveAtEnd("network", other);
        string api = await ServiceAsync("hidden", "--network", other);
        string web = await ServiceAsync("asker", "--network", SharedCluster.Network, "-p", $"{port}:80");
        await UntilRunningAsync(api, 1);
        await UntilRunningAsync(web, 1);
        await AskAsync(1, port, "/who");
        Assert.Equal("\n", (await Cluster.InNodeAsync(0, "curl", "-sS", "-m", "25", $"http://{Cluster.AddressOf(1)}:{port}/lookup/{api}")).Succeeded().Out);
    });

    private Task UntilNamedAsync(int port, string name, string addresses)
        => Eventually.EqualAsync(addresses, () => AskAsync(1, port, $"/lookup/{name}"), TimeSpan.FromSeconds(15), $"addresses of {name}");
}
