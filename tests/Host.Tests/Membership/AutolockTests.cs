using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Membership;

/// <summary>A manager that is locked, and is let in again; n4, in a swarm of its own.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class AutolockTests : ClusterFacts
{
    private const string Locked = "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm unlock\" to unlock it.";

    [Fact]
    public Task A_restarted_manager_is_locked_until_it_gets_its_key_and_its_tasks_go_on() => OnClusterAsync(async () =>
    {
        (await On4Async("swarm", "init", "--autolock", "--advertise-addr", Cluster.AddressOf(Outsider))).Succeeded();
        await Cluster.LoadAsync(Outsider, Repository.PathOf("out", "images", "probe-latest.tar"));
        (await On4Async("service", "create", "-q", "--no-resolve-image", "--name", "kept", "probe:latest")).Succeeded();
        string key = (await On4Async("swarm", "unlock-key", "-q")).Succeeded().Out.Trim();
        string pid = await PidAsync();
        await Cluster.ScriptAsync("restart", "4");
        await Eventually.TrueAsync(async () => (await On4Async("info", "--format", "{{.Swarm.LocalNodeState}}")).Out.Trim() == "locked", Limit, () => "n4 to be locked");

        Assert.Contains(Locked, (await On4Async("service", "ls")).Error, StringComparison.Ordinal);
        Assert.Contains("Please unlock it first", (await On4Async("swarm", "leave")).Error, StringComparison.Ordinal);
        Assert.Equal(pid, await PidAsync());
        Assert.DoesNotContain("BEGIN PRIVATE KEY", await File.ReadAllTextAsync($"{Cluster.DataDirectory}/n4/skep/certificates/node.pem"), StringComparison.Ordinal);

        Assert.Contains("swarm could not be unlocked: invalid key provided", (await UnlockAsync(key[..^4] + "AAAA")).Error, StringComparison.Ordinal);
        (await UnlockAsync(key)).Succeeded();
        await Eventually.EqualAsync("1/1", async () => (await On4Async("service", "ls", "--format", "{{.Replicas}}")).Out.Trim(), Limit, "the service");
        Assert.Equal(pid, await PidAsync());
        Assert.Contains("swarm is not locked", (await UnlockAsync(key)).Error, StringComparison.Ordinal);
        (await On4Async("swarm", "leave", "--force")).Succeeded();
    });

    private Task<CommandResult> On4Async(params string[] args) => Cluster.DockerAsync(Outsider, args);

    private Task<CommandResult> UnlockAsync(string key)
        => Command.RunAsync("docker", ["-H", $"unix://{Cluster.SocketOf(Outsider)}", "swarm", "unlock"], key + "\n", environment: null, Limit);

    private async Task<string> PidAsync()
    {
        string container = (await On4Async("ps", "-q", "--filter", "label=com.docker.swarm.service.name=kept")).Succeeded().Out.Trim();
        return (await On4Async("inspect", "--format", "{{.State.Pid}}", container)).Succeeded().Out.Trim();
    }
}
