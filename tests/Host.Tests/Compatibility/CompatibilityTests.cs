using System.Text;
using Skep.Host.Tests.Clusters;
using Skep.Testing.Clusters;
using Skep.Testing.Registries;
using Xunit.Abstractions;

namespace Skep.Host.Tests.Compatibility;

/// <summary>docs/compatibility.md is what the stock docker CLI saw, command by command. SKEP_UPDATE_COMPATIBILITY=1 writes what it sees now.</summary>
[Collection(DisturbingFacts.Name)]
public sealed class CompatibilityTests(ITestOutputHelper output)
{
    private const string Intro = """
        # What the stock docker CLI can do against Skep

        Each command people type at a Swarm, typed by docker CLI 28 at a cluster of Skep. C: a feature of the cluster, N: of one node's engine, B: building or
        moving images, K: of the client. *works*, *refused* with what the daemon says, or *out of scope* with the reason.
        `tests/Host.Tests/Compatibility` types them all and fails when this page is wrong; with `SKEP_UPDATE_COMPATIBILITY=1` it writes this page.

        """;

    /// <summary>A registry that wants a password, and an open one with the same images, which every node asks before docker.io.</summary>
    private const string Private = $"{TestCluster.ClientAddress}:5000", Mirror = $"{TestCluster.ClientAddress}:5001";

    private const string Flags = $"--insecure-registry {Private} --registry-mirror http://{Mirror}";

    private static readonly string Page = Repository.PathOf("docs", "compatibility.md");

    [Fact]
    public async Task The_compatibility_page_says_what_happens_when_the_commands_are_typed()
    {
        string images = Repository.PathOf("out", "images");
        string work = Directory.CreateTempSubdirectory("skt-host-compat-").FullName;
        (await Command.RunAsync(Repository.PathOf("tests", "Testing", "images", "build.sh"), images)).Succeeded();
        using TestCluster cluster = await TestCluster.StartAsync("hcompat", "192.168.84", count: 4, Flags);
        try
        {
            await ClusterFailure.WithLogsAsync(cluster, async () =>
            {
                using RegistryProcess registry = await RegistryProcess.StartInAsync(cluster, 0, Private, new RegistryUser("bee", "honey"));
                using RegistryProcess mirror = await RegistryProcess.StartInAsync(cluster, 0, Mirror);
                await FormAsync(cluster, Path.Combine(images, "probe-latest.tar"));
                await CompareAsync(await RenderAsync(Environment(cluster, work)));
            });
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private async Task<string> RenderAsync(IReadOnlyDictionary<string, string> environment)
    {
        var page = new StringBuilder(Intro);
        string section = "";
        foreach (SeedCommand command in SeedCommand.Read(Repository.PathOf("tests", "Host.Tests", "Compatibility", "seed-commands.txt")))
        {
            if (command.Section != section)
            {
                section = command.Section;
                page.Append($"\n## {section}\n\n| | command | |\n|---|---|---|\n");
            }

            long began = System.Diagnostics.Stopwatch.GetTimestamp();
            string verdict = await command.VerdictAsync(environment);
            output.WriteLine($"{System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s {command.Text}: {verdict}");
            page.Append($"| {command.Mark} | `{command.Text.Replace("|", "\\|", StringComparison.Ordinal)}` | {verdict} |\n");
        }

        return page.ToString();
    }

    private static async Task CompareAsync(string seen)
    {
        if (System.Environment.GetEnvironmentVariable("SKEP_UPDATE_COMPATIBILITY") == "1")
        {
            await File.WriteAllTextAsync(Page, seen);
            return;
        }

        // The reasons are for people: only what works, is refused or out of scope is compared, so that a better error text breaks nothing.
        string[] written = [.. (await File.ReadAllLinesAsync(Page)).Select(WithoutReason)];
        string[] now = [.. seen.TrimEnd('\n').Split('\n').Select(WithoutReason)];
        string[] wrong = [.. now.Except(written).Select(l => $"is:      {l}"), .. written.Except(now).Select(l => $"written: {l}")];
        Assert.True(wrong.Length == 0, $"docs/compatibility.md differs from what happens (SKEP_UPDATE_COMPATIBILITY=1 rewrites it):\n{string.Join('\n', wrong)}");
    }

    private static string WithoutReason(string row)
    {
        int reason = row.IndexOf(": ", Math.Max(0, row.LastIndexOf("` | ", StringComparison.Ordinal)), StringComparison.Ordinal);
        return row.StartsWith("| ", StringComparison.Ordinal) && reason >= 0 ? row[..reason] : row;
    }

    /// <summary>Three managers, and the names of well-known images for the only image there is.</summary>
    private static async Task FormAsync(TestCluster cluster, string archive)
    {
        (await cluster.DockerAsync(1, "swarm", "init", "--advertise-addr", cluster.AddressOf(1))).Succeeded();
        await cluster.JoinAsync(2, "manager", via: 1);
        await cluster.JoinAsync(3, "manager", via: 1);
        await cluster.UntilReadyAsync([1, 2, 3], via: 1, TimeSpan.FromSeconds(30));
        await cluster.LoadAsync(1, archive);
        foreach (string name in new[] { "nginx:latest", "alpine:latest", "ubuntu:latest", "redis:latest", "get-started:part2", "dockersamples/visualizer:stable" })
        {
            (await cluster.DockerAsync(1, "tag", "probe:latest", name)).Succeeded();
        }
    }

    private static Dictionary<string, string> Environment(TestCluster cluster, string work)
    {
        var variables = new Dictionary<string, string>
        {
            ["DOCKER_HOST"] = $"unix://{cluster.SocketOf(1)}",
            ["DOCKER_CONFIG"] = work,
            ["work"] = work,
            ["registry"] = Private,
            ["SKEPD_FLAGS"] = Flags, // Of a node that $cluster starts again.
            ["cluster"] = $"env SKEP_CLUSTER={cluster.Name} SKEP_CLUSTER_NET={cluster.Net} {Repository.PathOf("cluster.sh")}",
            ["compose"] = Repository.PathOf("tests", "Host.Tests", "Compatibility", "compose"),
        };
        foreach (int node in cluster.Nodes)
        {
            variables[$"n{node}"] = $"unix://{cluster.SocketOf(node)}";
            variables[$"ip{node}"] = cluster.AddressOf(node);
        }

        return variables;
    }
}
