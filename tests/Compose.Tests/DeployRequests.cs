using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Skep.Model;
using Skep.Wire;
using Skep.Wire.Mapping;

namespace Skep.Compose.Tests;

/// <summary>The bodies that a plan sends to the engine, one line for each value that is not empty: kind, name, path, value.</summary>
internal static class DeployRequests
{
    private static readonly string[] Modes = ["Replicated", "Global", "ReplicatedJob", "GlobalJob"];

    /// <summary>Numbers of which 0 is another thing than nothing.</summary>
    private static readonly string[] CountsAsZero = ["Replicas", "Parallelism", "MaxAttempts", "StopGracePeriod", "Window"];

    public static IEnumerable<string> OfGolden(JsonArray requests) => requests
        .SelectMany(request => Lines(request!["path"]!.GetValue<string>().Split('/')[1], request["body"]));

    public static IEnumerable<string> Of(StackPlan plan) =>
    [
        .. plan.Networks.SelectMany(network => Lines("networks", Network(network))),
        .. plan.Secrets.SelectMany(secret => Lines("secrets", Json(secret.ToRequest()))),
        .. plan.Configs.SelectMany(config => Lines("configs", Json(config.ToWire()))),
        .. plan.Services.SelectMany(service => Lines("services", Service(service))),
    ];

    private static JsonNode Service(StackService service)
    {
        ServiceSpec spec = service.WithIds(
            service.SecretNames.ToDictionary(name => name, name => new SecretId(IdOf("secrets", name)), StringComparer.Ordinal),
            service.ConfigNames.ToDictionary(name => name, name => new ConfigId(IdOf("configs", name)), StringComparer.Ordinal));
        WireServiceSpec wire = spec.ToWire();
        AsWritten written = service.Written;
        if (written.Replicas is null)
        {
            wire = wire with
            {
                Mode = wire.Mode! with
                {
                    Replicated = wire.Mode.Replicated is null ? null : new WireReplicated(),
                    ReplicatedJob = wire.Mode.ReplicatedJob is null ? null : new WireReplicatedJob(),
                },
            };
        }

        wire = wire with
        {
            EndpointSpec = wire.EndpointSpec! with
            {
                Mode = written.EndpointMode,
                Ports = [.. (wire.EndpointSpec.Ports ?? []).Zip(written.Ports, (port, word) => port with
                {
                    Protocol = word.Protocol,
                    PublishMode = word.Mode,
                })],
            },
            TaskTemplate = wire.TaskTemplate! with { Runtime = null },
            UpdateConfig = Rollout(wire.UpdateConfig, written.Update),
            RollbackConfig = Rollout(wire.RollbackConfig, written.Rollback),
        };
        return Json(wire);
    }

    private static WireUpdateConfig? Rollout(WireUpdateConfig? config, RolloutAsWritten written) => config is null ? null : config with
    {
        FailureAction = written.FailureAction,
        Order = written.Order,
    };

    private static JsonObject Network(NetworkSpec network) => new()
    {
        ["Name"] = network.Annotations.Name,
        ["Labels"] = Map(network.Annotations.Labels),
        ["Driver"] = network.Driver!.Name,
        ["Options"] = Map(network.Driver.Options),
        ["Internal"] = network.Internal,
        ["Attachable"] = network.Attachable,
        ["Ingress"] = false,
        ["ConfigOnly"] = false,
        ["IPAM"] = network.Ipam is null ? null : new JsonObject
        {
            ["Driver"] = network.Ipam.Driver?.Name,
            ["Config"] = new JsonArray([.. network.Ipam.Pools.Select(pool => new JsonObject { ["Subnet"] = pool.Subnet })]),
        },
    };

    private static JsonObject Map(ValueMap<string, string> map) => new(map.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));

    private static JsonNode Json<T>(T body) => JsonSerializer.SerializeToNode(body, WireJson.Default.GetTypeInfo(typeof(T))!)!;

    private static string IdOf(string kind, string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(kind + name)))[..25];

    private static IEnumerable<string> Lines(string kind, JsonNode? body) => Values($"{kind} {body!["Name"]}", body);

    private static IEnumerable<string> Values(string path, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                return map.SelectMany(pair => Modes.Contains(pair.Key) && pair.Value is not null
                    ? [$"{path}/{pair.Key}", .. Values($"{path}/{pair.Key}", pair.Value)]
                    : Values($"{path}/{pair.Key}", pair.Value));
            case JsonArray list:
                return list.SelectMany((item, i) => Values($"{path}[{i}]", item));
            case JsonValue value when value.TryGetValue(out double number):
                return number == 0 && !CountsAsZero.Contains(path[(path.LastIndexOf('/') + 1)..])
                    ? []
                    : [string.Create(CultureInfo.InvariantCulture, $"{path}: {Math.Round(number, 5)}")];
            case JsonValue value when value.TryGetValue(out bool flag):
                return flag || path.EndsWith("/Init", StringComparison.Ordinal) ? [$"{path}: {flag}"] : [];
            default:
                return string.IsNullOrEmpty(node?.ToString()) || node is JsonObject ? [] : [$"{path}: {node}"];
        }
    }
}
