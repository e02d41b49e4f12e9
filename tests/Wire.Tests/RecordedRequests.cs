using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Testing;

namespace Skep.Wire.Tests;

/// <summary>Requests that Docker's CLI 28.2.2 was seen to send, beside the repository in <c>shared/data</c>.</summary>
internal static class RecordedRequests
{
    /// <summary>Null where the data is not beside the repository.</summary>
    public static string? Directory => SharedData.Folder;

    /// <summary>Where it was recorded, method and path, body.</summary>
    public static IEnumerable<(string Source, string Path, JsonNode Body)> WithBodies()
    {
        if (Directory is null)
        {
            yield break;
        }

        foreach (string line in File.ReadLines(Path.Combine(Directory, "engine-api", "cli-requests.jsonl")))
        {
            JsonNode recorded = JsonNode.Parse(line)!;
            foreach (JsonNode? request in recorded["requests"]!.AsArray())
            {
                if (request!["body"] is { } body)
                {
                    yield return ((string)recorded["command"]!, (string)request["path"]!, body);
                }
            }
        }

        foreach (string file in System.IO.Directory.EnumerateFiles(Path.Combine(Directory, "compose"), "*.golden.deploy.json").Order(StringComparer.Ordinal))
        {
            JsonNode golden = JsonNode.Parse(File.ReadAllText(file))!;
            foreach (JsonNode? request in (golden as JsonArray ?? golden["requests"] as JsonArray) ?? [])
            {
                if (request!["body"] is { } body)
                {
                    yield return (Path.GetFileName(file), (string)request["path"]!, body);
                }
            }
        }
    }

    /// <summary>Where <paramref name="recorded"/> says something that <paramref name="written"/> does not; null if nowhere. What is empty, zero or false says nothing.</summary>
    public static string? Missing(JsonNode? recorded, JsonNode? written, string at)
    {
        switch (recorded)
        {
            case JsonObject fields:
                return fields.Select(f => SaysNothing(f.Value) ? null : Missing(f.Value, (written as JsonObject)?[f.Key], $"{at}.{f.Key}")).FirstOrDefault(m => m is not null);
            case JsonArray items:
                JsonArray others = written as JsonArray ?? [];
                return items.Count == others.Count
                    ? items.Zip(others).Select((pair, i) => Missing(pair.First, pair.Second, $"{at}[{i}]")).FirstOrDefault(m => m is not null)
                    : $"{at}: {items.Count} items became {others.Count}";
            case null:
                return null;
            default:
                return SaysNothing(recorded) || Same(recorded, written) ? null : $"{at}: {recorded.ToJsonString()} became {written?.ToJsonString() ?? "nothing"}";
        }
    }

    private static bool Same(JsonNode recorded, JsonNode? written)
        => written is not null
            && (recorded.GetValueKind() == JsonValueKind.Number && written.GetValueKind() == JsonValueKind.Number
                // Ratios are kept as single floats, the swarm's durations to 100 ns.
                ? Math.Abs(recorded.GetValue<double>() - written.GetValue<double>()) <= Math.Abs(recorded.GetValue<double>()) * 1e-7
                : JsonNode.DeepEquals(recorded, written));

    private static bool SaysNothing(JsonNode? node) => node switch
    {
        null => true,
        JsonObject fields => fields.All(f => SaysNothing(f.Value)),
        JsonArray items => items.Count == 0,
        _ => node.GetValueKind() is JsonValueKind.False or JsonValueKind.Null
            || node.ToJsonString() is "\"\"" or "0",
    };
}
