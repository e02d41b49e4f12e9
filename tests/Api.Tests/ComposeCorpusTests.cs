using System.Text.Json.Nodes;
using Skep.Testing;

namespace Skep.Api.Tests;

/// <summary>Compose files that Docker's own parser takes, deployed by Docker's own program.</summary>
public sealed class ComposeCorpusTests
{
    /// <summary>Refused with these words: no node would obey them, or the file needs something outside of it.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["awesome-elasticsearch-logstash-kibana"] = "the agent of this node is not running",
        ["configs-secrets"] = "secrets from drivers are not supported",
        ["credential-spec"] = "credential specs are for Windows containers",
        ["deploy-all"] = "invalid cpu value 0.0001 in reservations: Must be at least 0.001",
        ["deploy-bad-failure-action"] = "unrecognized update failure action explode",
        ["docker-cli-named-resources"] = "'volume1' mount path must be absolute",
        ["merge-external"] = "mount path must be absolute",
        ["networks"] = "network \"ext\" is declared as external, but could not be found",
        ["sizes-durations"] = "invalid memory value 1024 in limits: Must be at least 4MiB",
        ["volumes-cluster"] = "mounts of type cluster (CSI volumes) are not supported",
        ["volumes-external"] = "mount path must be absolute",
        ["volumes-long"] = "mounts of type npipe are for Windows containers",
        ["volumes-no-target"] = "field Target must not be empty",
        ["volumes-windows-path"] = "mount path must be absolute",
    };

    [DockerFact]
    public async Task Every_file_deploys_or_is_refused_for_a_reason()
    {
        var wrong = new List<string>();
        foreach (string file in Deployable())
        {
            await using ApiHarness server = await ApiHarness.StartAsync();
            string name = Path.GetFileNameWithoutExtension(file);
            (int exit, _, string error) = await DockerCli.RunAsync(server, $"stack deploy -d -c {Path.GetFileName(file)} stk", directory: Path.GetDirectoryName(file), environment: VariablesOf(file));
            string last = error.Trim().Split('\n')[^1];
            bool isAsExpected = Refused.TryGetValue(name, out string? says) ? exit == 1 && last.Contains(says, StringComparison.Ordinal) : exit == 0;
            if (!isAsExpected)
            {
                wrong.Add($"{name}: {last}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    /// <summary>NAME.env beside the file: KEY=VALUE lines, the variables the file is read with.</summary>
    private static IEnumerable<KeyValuePair<string, string>> VariablesOf(string file)
    {
        string variables = Path.ChangeExtension(file, ".env");
        return File.Exists(variables)
            ? File.ReadLines(variables).Select(l => l.Split('=', 2)).Where(p => p.Length == 2).Select(p => KeyValuePair.Create(p[0], p[1]))
            : [];
    }

    private static IEnumerable<string> Deployable() => SharedData.Folder is { } data
        ? Directory.EnumerateFiles(Path.Combine(data, "compose"), "*.golden.deploy.json")
            .Where(f => JsonNode.Parse(File.ReadAllText(f)) is JsonArray)
            .Select(f => f.Replace(".golden.deploy.json", ".yml", StringComparison.Ordinal))
            .Where(File.Exists)
            .Order(StringComparer.Ordinal)
        : [];
}
