using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;

namespace Skep.Host.Tests.Membership;

/// <summary>A cluster that is lost and comes back by the words of docs/recovery.md; n4, in a swarm of its own.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class BackupTests : ClusterFacts
{
    [Fact]
    public Task Everything_is_lost_and_comes_back() => OnClusterAsync(async () =>
    {
        string directory = Directory.CreateTempSubdirectory("skep-backup-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "skep.passphrase"), "a sentence nobody guesses\n");
            (await On4Async("swarm", "init", "--advertise-addr", Cluster.AddressOf(Outsider))).Succeeded();
            string token = (await On4Async("swarm", "join-token", "-q", "worker")).Succeeded().Out.Trim();
            await Cluster.LoadAsync(Outsider, Repository.PathOf("out", "images", "probe-latest.tar"));
            (await Command.RunAsync("docker", ["-H", $"unix://{Cluster.SocketOf(Outsider)}", "secret", "create", "s", "-"], "the value", environment: null, Limit)).Succeeded();
            (await On4Async("network", "create", "-d", "overlay", "--label", "kept=yes", "own")).Succeeded();
            (await On4Async("service", "create", "-q", "-d", "--no-resolve-image", "--name", "kept", "--secret", "s", "--network", "own", "--mount", "type=volume,source=data,target=/data", "probe:latest")).Succeeded();
            await RunsAsync();
            await RunWordsAsync("swarm backup", directory);
            Assert.Equal((UnixFileMode)0x180, File.GetUnixFileMode(Path.Combine(directory, "skep.backup")));
            Assert.DoesNotContain("the value", await File.ReadAllTextAsync(Path.Combine(directory, "skep.backup")), StringComparison.Ordinal);

            (await On4Async("swarm", "leave", "--force")).Succeeded();
            Assert.Empty((await On4Async("ps", "-q")).Succeeded().Lines);
            await RunWordsAsync("swarm restore", directory, "--advertise-addr", Cluster.AddressOf(Outsider));

            await RunsAsync();
            Assert.Equal("the value", (await On4Async("exec", "kept.1", "busybox", "cat", "/run/secrets/s")).Succeeded().Out.Trim());
            Assert.Equal("yes", (await On4Async("network", "inspect", "own", "--format", "{{index .Labels \"kept\"}}")).Succeeded().Out.Trim());
            Assert.Equal(token, (await On4Async("swarm", "join-token", "-q", "worker")).Succeeded().Out.Trim());
            Assert.Equal(["n4 Down", "n4 Ready Leader"], (await On4Async("node", "ls", "--format", "{{.Hostname}} {{.Status}} {{.ManagerStatus}}")).Succeeded().Lines.Order(StringComparer.Ordinal));
        }
        finally
        {
            await On4Async("swarm", "leave", "--force");
            Directory.Delete(directory, recursive: true);
        }
    });

    /// <summary>The command of the page that begins so, with its files in another directory.</summary>
    private async Task RunWordsAsync(string words, string directory, params string[] more)
    {
        string line = (await File.ReadAllLinesAsync(Repository.PathOf("docs", "recovery.md"))).Single(l => l.StartsWith($"    skep {words} ", StringComparison.Ordinal));
        string[] args = line.Trim().Replace("/root/", directory + "/", StringComparison.Ordinal).Split(' ');
        (await Cluster.SkepAsync(Outsider, [.. args[1..3], .. more, .. args[3..]])).Succeeded();
    }

    private Task RunsAsync()
        => Eventually.EqualAsync("1/1", async () => (await On4Async("service", "ls", "--format", "{{.Replicas}}")).Out.Trim(), Limit, "the service's tasks");

    private Task<CommandResult> On4Async(params string[] args) => Cluster.DockerAsync(Outsider, args);
}
