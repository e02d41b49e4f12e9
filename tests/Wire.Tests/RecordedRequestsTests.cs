using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Skep.Model;
using Skep.Wire.Mapping;

namespace Skep.Wire.Tests;

public sealed class RecordedRequestsTests
{
    // Specs that no engine can obey; Docker refuses them too, or only a Windows node would run them.
    private static readonly string[] Refused = ["deploy-bad-failure-action.golden.deploy.json"];

    [Fact]
    public void Every_recorded_request_passes_through_the_model_and_loses_nothing()
    {
        int mapped = 0;
        var problems = new List<string>();
        foreach ((string source, string path, JsonNode body) in RecordedRequests.WithBodies())
        {
            try
            {
                if (Mapped(path, body) is { } written)
                {
                    mapped++;
                    if (RecordedRequests.Missing(body, written, path) is { } missing)
                    {
                        problems.Add($"{source}: {missing}");
                    }
                }
            }
            catch (ClusterException refused) when (!Refused.Contains(source))
            {
                problems.Add($"{source}: {path}: {refused.Message}");
            }
            catch (ClusterException)
            {
                // Listed above.
            }
        }

        Assert.True(problems.Count == 0, string.Join("\n", problems));
        Assert.True(mapped > 150 || RecordedRequests.Directory is null, $"only {mapped} requests were found");
    }

    private static JsonNode? Mapped(string path, JsonNode body)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (parts[0], parts[^1]) switch
        {
            ("services", _) => Through(body, WireJson.Default.WireServiceSpec, spec => spec.ToModel().ToWire()),
            ("networks", "create") => Through(body, WireJson.Default.WireNetworkCreate, spec => spec.ToModel().ToCreate()),
            ("secrets", _) => Through(body, WireJson.Default.WireSecretSpec, spec => spec.ToModel().ToRequest()),
            ("configs", _) => Through(body, WireJson.Default.WireConfigSpec, spec => spec.ToModel().ToWire()),
            ("nodes", _) => Through(body, WireJson.Default.WireNodeSpec, spec => spec.ToModel().ToWire()),
            ("swarm", "update") => Through(body, WireJson.Default.WireSwarmSpec, spec => spec.ToModel(ClusterSpec.Default).ToWire()),
            ("swarm", "init") => Through(body, WireJson.Default.WireSwarmInit, spec => spec),
            ("swarm", "join") => Through(body, WireJson.Default.WireSwarmJoin, spec => spec),
            ("volumes", "create") => Through(body, WireJson.Default.WireVolumeCreate, spec => spec),
            _ => null,
        };
    }

    private static JsonNode Through<T>(JsonNode body, JsonTypeInfo<T> type, Func<T, T> map)
        => JsonSerializer.SerializeToNode(map(body.Deserialize(type)!), type)!;
}
