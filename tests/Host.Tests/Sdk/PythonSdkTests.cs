using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;
using Skep.Testing.Registries;

namespace Skep.Host.Tests.Sdk;

/// <summary>
/// Docker's own SDK for Python, Debian's package, on a manager's socket: sdk.py holds the calls, by kind. It ends with an error when a public method of the kind's
/// classes was not used, unless it is one of the few that Skep does not serve, which have to answer 501.
/// </summary>
public abstract class SdkFacts : ClusterFacts
{
    private protected async Task UseAsync(string kind, int used, int absent, params string[] more)
    {
        CommandResult result = (await Command.RunAsync(
            "/usr/bin/python3",
            ["-u", Repository.PathOf("tests", "Host.Tests", "Sdk", "sdk.py"), Cluster.SocketOf(1), kind, .. more],
            input: null,
            new Dictionary<string, string> { ["SKEP_CLUSTER"] = Cluster.Name, ["SKEP_CLUSTER_NET"] = Cluster.Net, ["SKEPD_FLAGS"] = SharedCluster.Flags },
            TimeSpan.FromSeconds(120))).Succeeded();
        int Count(string word) => result.Lines.Count(l => l.StartsWith(word + " ", StringComparison.Ordinal));
        Assert.True((Count("used"), Count("absent")) == (used, absent), $"{Count("used")} methods used, {Count("absent")} absent\n{result}");
    }
}

public sealed class PythonSdkTests : SdkFacts
{
    [Theory]
    [InlineData("system", 6, 0)]
    [InlineData("swarm", 0, 0)]
    [InlineData("nodes", 4, 0)]
    [InlineData("secrets", 8, 0)]
    [InlineData("configs", 8, 0)]
    [InlineData("networks", 14, 0)]
    [InlineData("services", 17, 0)]
    [InlineData("volumes", 10, 0)]
    [InlineData("containers", 60, 2)]
    public Task Every_call_of_the_SDK_does_what_it_says(string kind, int used, int absent) => OnClusterAsync(() => UseAsync(kind, used, absent));

    [Fact]
    public Task Every_call_about_images_does_what_it_says() => OnClusterAsync(async () =>
    {
        using RegistryProcess registry = await RegistryProcess.StartInAsync(Cluster, 1, "127.0.0.1:5055");
        await UseAsync("images", 32, 5, registry.Domain);
    });
}

/// <summary>The calls that make, lock, leave and join a swarm need a machine of their own.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class PythonSdkSwarmTests : SdkFacts
{
    [Fact]
    public Task Every_call_about_the_swarm_itself_does_what_it_says() => OnClusterAsync(() => UseAsync(
        "outsider", 19, 0, Cluster.SocketOf(Outsider), Cluster.AddressOf(Outsider), $"{Cluster.AddressOf(1)}:2377", Repository.PathOf("cluster.sh")));
}
