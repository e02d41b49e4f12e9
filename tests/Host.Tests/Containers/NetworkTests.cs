using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Containers;

/// <summary>Containers that users run, on networks of the cluster and of their node.</summary>
public sealed class NetworkTests : ClusterFacts
{
    [Fact]
    public Task A_container_of_a_user_joins_an_attachable_network() => OnClusterAsync(async () =>
    {
        string network = NewName("attach"), closed = NewName("closed"), back = NewName("back");
        RemoveAtEnd("network", network);
        RemoveAtEnd("network", closed);
        (await DockerAsync("network", "create", "-d", "overlay", "--attachable", network)).Succeeded();
        (await DockerAsync("network", "create", "-d", "overlay", closed)).Succeeded();
        string web = await ServiceAsync("web", [.. ListensFirst, "--network", network, "--constraint", "node.hostname==n3"]);
        await UntilRunningAsync(web, 1);
        await HasProbeAsync(2);

        // It reaches services by name, and is reached by its name and alias from another node.
        Assert.NotEmpty((await RunAsync(2, network, "busybox", "wget", "-qO-", $"http://{web}/who")).Succeeded().Out);
        string id = (await Cluster.DockerAsync(2, "run", "-d", "--name", back, "--network", network, "--network-alias", $"{back}-alias", "probe:latest")).Succeeded().Out.Trim();
        try
        {
            string[] names = [back, $"{back}-alias", $"{back}.{network}", id[..12]];
            await Eventually.EqualAsync(id[..12], async () => (await RunAsync(1, network, "busybox", "wget", "-qO-", $"http://{back}/who")).Out.Split(' ')[0], Limit, "an answer of the container");
            foreach (string name in names)
            {
                Assert.StartsWith(id[..12], (await RunAsync(1, network, "busybox", "wget", "-qO-", $"http://{name}/who")).Succeeded().Out);
            }

            Assert.Contains($"\"{back}\"", (await Cluster.DockerAsync(2, "network", "inspect", network)).Succeeded().Out);
            (await DockerAsync("service", "rm", web)).Succeeded();
            await Eventually.TrueAsync(
                async () => (await DockerAsync("network", "rm", network)).Error.Contains("is in use by task", StringComparison.Ordinal), Limit, () => "the network to be kept by its container alone");
        }
        finally
        {
            await Cluster.DockerAsync(2, "rm", "-f", back);
        }

        (await DockerAsync("network", "rm", network)).Succeeded();
        CommandResult refused = await RunAsync(2, closed, "busybox", "true");
        Assert.Equal(125, refused.Code);
        Assert.Contains($"Could not attach to network {closed}: rpc error: code = PermissionDenied desc = network {closed} not manually attachable", refused.Error);
    });

    [Fact]
    public Task Networks_of_a_node_are_apart_and_know_their_containers_by_name() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        await HasProbeAsync(2);
        string red = NewName("red"), blue = NewName("blue"), front = NewName("front"), other = NewName("other");
        (await NodeAsync("network", "create", red)).Succeeded();
        (await NodeAsync("network", "create", "--subnet", "10.83.7.0/24", blue)).Succeeded();
        string id = "";
        try
        {
            id = (await NodeAsync("run", "-d", "--name", front, "--network", red, "--network-alias", "door", "-p", $"127.0.0.1:{port}:80", "probe:latest")).Succeeded().Out.Trim();
            (await NodeAsync("run", "-d", "--name", other, "--network", blue, "--ip", "10.83.7.9", "probe:latest", "sleep", "300")).Succeeded();
            string address = (await NodeAsync("inspect", "-f", $"{{{{.NetworkSettings.Networks.{red}.IPAddress}}}}", front)).Succeeded().Out.Trim();
            Assert.NotEqual(0, (await NodeAsync("exec", other, "busybox", "timeout", "2", "busybox", "wget", "-qO-", $"http://{address}/who")).Code);
            Assert.NotEqual(0, (await NodeAsync("exec", other, "busybox", "timeout", "2", "busybox", "wget", "-qO-", "http://door/who")).Code);

            (await NodeAsync("network", "connect", red, other)).Succeeded();
            await Eventually.EqualAsync(id[..12], async () => (await NodeAsync("exec", other, "busybox", "wget", "-qO-", "http://door/who")).Out.Split(' ')[0], Limit, "an answer by the alias");
            Assert.Contains("10.83.7.9/24", (await NodeAsync("exec", other, "busybox", "ip", "addr")).Succeeded().Out);
            (await NodeAsync("network", "disconnect", red, other)).Succeeded();
            Assert.NotEqual(0, (await NodeAsync("exec", other, "busybox", "timeout", "2", "busybox", "wget", "-qO-", $"http://{address}/who")).Code);

            // The port is open on that one address of the node.
            Assert.StartsWith(id[..12], (await Cluster.InNodeAsync(2, "curl", "-sS", "-m", "3", $"http://127.0.0.1:{port}/who")).Succeeded().Out);
            Assert.NotEqual(0, (await Cluster.InNodeAsync(2, "curl", "-sS", "-m", "2", $"http://{Cluster.AddressOf(2)}:{port}/who")).Code);
            Assert.Contains("has active endpoints", (await NodeAsync("network", "rm", red)).Error);
        }
        finally
        {
            await NodeAsync("rm", "-f", front, other);
        }

        (await NodeAsync("network", "rm", red, blue)).Succeeded();
        // Nothing is left of it on the node: no link, no port.
        await Eventually.TrueAsync(
            async () => !(await Cluster.InNodeAsync(2, "ip", "-o", "link")).Succeeded().Out.Contains(id[12..24], StringComparison.Ordinal), Limit, () => "the container's link to go");
        Assert.DoesNotContain($"{port}", (await Cluster.InNodeAsync(2, "nft", "list", "table", "ip", "skep_mesh")).Succeeded().Out);
    });

    [Fact]
    public Task A_service_may_use_its_nodes_own_network() => OnClusterAsync(async () =>
    {
        string service = await ServiceOfAsync("hosted", "probe:latest", ["--network", "host", "--constraint", "node.hostname==n2"], "sleep", "300");
        await UntilRunningAsync(service, 1);
        Assert.Contains($"{Cluster.AddressOf(2)}/24", (await DockerAsync("exec", $"{service}.1", "busybox", "ip", "addr")).Succeeded().Out);
    });

    private Task<CommandResult> NodeAsync(params string[] args) => Cluster.DockerAsync(2, args);

    private Task<CommandResult> RunAsync(int node, string network, params string[] command)
        => Cluster.DockerAsync(node, ["run", "--rm", "--network", network, "probe:latest", .. command]);

    private async Task HasProbeAsync(int node)
    {
        if ((await Cluster.DockerAsync(node, "image", "inspect", "probe:latest")).Code != 0)
        {
            await Cluster.LoadAsync(node, Repository.PathOf("out", "images", "probe-latest.tar"));
        }
    }
}
