using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Testing;

namespace Skep.Cli.Tests;

/// <summary>For each recorded command line of Docker's CLI, the same requests.</summary>
public sealed class RecordedRequestTests
{
    /// <summary>Verbs that this program does not have, or that need a file that was not kept.</summary>
    private static readonly string[] NotOurs = ["stack deploy", "stack rm", "network connect", "network disconnect", "run", "exec", "events", "system df", "service logs -f"];

    [SharedDataFact]
    public async Task Verbs_send_what_docker_sends()
    {
        string folder = Directory.CreateTempSubdirectory("skt-cli-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "data.txt"), "data");
        List<string> differences = [];
        int compared = 0;
        foreach (string line in await File.ReadAllLinesAsync(Path.Combine(SharedData.Folder!, "engine-api", "cli-requests.jsonl")))
        {
            JsonNode recorded = JsonNode.Parse(line)!;
            string command = recorded["command"]!.GetValue<string>()["docker ".Length..];
            if (Array.Exists(NotOurs, verb => command.StartsWith(verb + " ", StringComparison.Ordinal) || command == verb))
            {
                continue;
            }

            await using FakeEngine engine = new(SampleCluster.Answer);
            CliRun run = await CliRun.Of(engine.Host, command.Split(' '), time: new SteppingTime(CliRun.Now), folder: folder);
            int exit = recorded["exit"]!.GetValue<int>();
            string[] wanted = [.. recorded["requests"]!.AsArray().Select(Describe).Distinct().Order(StringComparer.Ordinal)];
            string[] sent = [.. engine.Requests.Select(Describe).Distinct().Order(StringComparer.Ordinal)];
            compared++;
            if (run.ExitCode != exit || !wanted.SequenceEqual(sent))
            {
                differences.Add($"{command} (exit {run.ExitCode}, docker {exit}) {run.Err}\n  missing: {string.Join("\n           ", wanted.Except(sent))}\n  extra:   {string.Join("\n           ", sent.Except(wanted))}");
            }
        }

        Directory.Delete(folder, recursive: true);
        Assert.True(compared > 50, $"only {compared} command lines compared");
        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    private static string Describe(JsonNode? request)
    {
        string query = string.Join('&', request!["query"]!.AsObject().OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
        return Describe(request["method"]!.GetValue<string>(), request["path"]!.GetValue<string>(), query, request["headers"]?["X-Registry-Auth"]?.GetValue<string>(), request["body"]);
    }

    internal static string Describe(SeenRequest request) =>
        Describe(request.Method, request.Path, request.Query, request.RegistryAuth, request.Body.Length > 0 ? JsonNode.Parse(request.Body) : null);

    private static string Describe(string method, string path, string query, string? auth, JsonNode? body) =>
        $"{method} {path} {query} {auth} {(Pruned(body, "") is { } kept ? Sorted(kept).ToJsonString(JsonSerializerOptions.Default) : "")}";

    /// <summary>Without nulls and empties, which the API takes as absent; the modes of services are told by their presence.</summary>
    private static JsonNode? Pruned(JsonNode? node, string name)
    {
        switch (node)
        {
            case JsonObject map:
                JsonObject kept = new(map.Select(pair => KeyValuePair.Create(pair.Key, Pruned(pair.Value, pair.Key))).Where(pair => pair.Value is not null));
                return kept.Count > 0 || name is "Replicated" or "Global" or "ReplicatedJob" or "GlobalJob" ? kept : null;
            case JsonArray list:
                return list.Count == 0 ? null : new JsonArray([.. list.Select(item => Pruned(item, ""))]);
            case JsonValue value:
                return value.ToJsonString() is "\"\"" or "0" or "false" ? null : value.DeepClone();
            default:
                return null;
        }
    }

    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value is null ? null : Sorted(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(item => item is null ? null : Sorted(item))]),
        _ => node.DeepClone(),
    };
}
