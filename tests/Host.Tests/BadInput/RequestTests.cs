using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.BadInput;

/// <summary>Requests that cannot be served: what the user reads, and exit code 1.</summary>
public sealed class RequestTests : ClusterFacts
{
    [Fact]
    public Task A_port_that_another_service_publishes_is_refused_by_name() => OnClusterAsync(async () =>
    {
        int port = NewPort();
        string first = await ServiceAsync("owner", "-p", $"{port}:80");
        await AssertCreateFailsAsync(["-p", $"{port}:80"], $"port '{port}' is already in use by service '{first}'");
    });

    [Fact]
    public Task Unknown_networks_secrets_configs_and_constraints_are_named() => OnClusterAsync(async () =>
    {
        await AssertCreateFailsAsync(["--network", "nosuchnet"], "network nosuchnet not found");
        await AssertCreateFailsAsync(["--secret", "nosuchsecret"], "secret not found: nosuchsecret");
        await AssertCreateFailsAsync(["--config", "nosuchconfig"], "config not found: nosuchconfig");
        await AssertCreateFailsAsync(["--constraint", "node.colour==red"], "node.colour");
        await AssertCreateFailsAsync(["--constraint", "nonsense"], "constraint expected one operator from ==, !=");
    });

    [Fact]
    public Task What_is_not_there_is_named() => OnClusterAsync(async () =>
    {
        AssertFails(await DockerAsync("service", "inspect", "nosuch"), "no such service: nosuch");
        AssertFails(await DockerAsync("service", "rm", "nosuch"), "service nosuch not found");
        AssertFails(await DockerAsync("service", "ps", "nosuch"), "no such service: nosuch");
        AssertFails(await DockerAsync("node", "inspect", "nosuch"), "node nosuch not found");
        AssertFails(await DockerAsync("secret", "rm", "nosuch"), "secret nosuch not found");
        AssertFails(await DockerAsync("network", "rm", "nosuch"), "network nosuch not found");
    });

    [Fact]
    public Task What_a_service_uses_is_not_removed() => OnClusterAsync(async () =>
    {
        string secret = await FileObjectAsync("secret"), config = await FileObjectAsync("config");
        string network = NewName("busynet");
        (await DockerAsync("network", "create", "-d", "overlay", network)).Succeeded();
        RemoveAtEnd("network", network);
        string user = await ServiceAsync("user", "--secret", secret, "--config", config, "--network", network);
        AssertFails(await DockerAsync("secret", "rm", secret), $"secret '{secret}' is in use by the following service: {user}");
        AssertFails(await DockerAsync("config", "rm", config), $"config '{config}' is in use by the following service: {user}");
        AssertFails(await DockerAsync("network", "rm", network), "is in use");
    });

    [Fact]
    public Task Names_are_unique_and_well_formed() => OnClusterAsync(async () =>
    {
        string first = await ServiceAsync("single", "--replicas", "0");
        AssertFails(await DockerAsync("service", "create", "-d", "--no-resolve-image", "--name", first, "probe:latest"), "name conflicts with an existing object");
        AssertFails(await DockerAsync("service", "create", "-d", "--no-resolve-image", "--name", "not_a name", "probe:latest"), "name must be valid as a DNS name component");
        AssertFails(await DockerAsync("service", "update", "-d", "--replicas", "2", "nosuch"), "nosuch");
        AssertFails(await DockerAsync("service", "scale", "-d", $"{first}=-1"), "invalid replicas value -1");
    });

    [Fact]
    public Task An_update_of_an_older_version_is_refused() => OnClusterAsync(async () =>
    {
        string web = await ServiceAsync("versions", "--replicas", "0");
        using EngineClient engine = Cluster.Engine(2);
        var service = (await engine.GetAsync($"services/{web}"))!;
        await engine.UpdateServiceAsync(web, spec => spec["Labels"]!["round"] = "2");
        EngineException refused = await Assert.ThrowsAsync<EngineException>(() => engine.PostAsync($"services/{web}/update?version={service["Version"]!["Index"]}", service["Spec"]!.DeepClone()));
        Assert.Contains("update out of sequence", refused.Message);
    });

    private async Task AssertCreateFailsAsync(string[] options, string message)
    {
        string name = NewName("refused");
        RemoveAtEnd("service", name);
        AssertFails(await DockerAsync(["service", "create", "-d", "--no-resolve-image", "--name", name, .. options, "probe:latest"]), message);
        Assert.Empty((await DockerAsync("service", "ls", "-q", "--filter", $"name={name}")).Succeeded().Lines);
    }

    private static void AssertFails(CommandResult result, string message)
    {
        Assert.Contains(message, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, result.Code);
    }

    private async Task<string> FileObjectAsync(string kind)
    {
        string name = NewName(kind);
        RemoveAtEnd(kind, name);
        (await Command.RunAsync("docker", ["-H", $"unix://{Cluster.SocketOf(1)}", kind, "create", name, "-"], "content", null, TimeSpan.FromSeconds(20))).Succeeded();
        return name;
    }
}
