using System.Globalization;
using System.Text.Json.Nodes;

namespace Skep.Dashboard.Engine;

/// <summary>What the page may do to a cluster. Each reads the object, changes its spec and writes it back with the version read.</summary>
internal static class ClusterActions
{
    /// <exception cref="EngineRefusal">400: not an action; else what the engine said.</exception>
    public static Task RunAsync(EngineEndpoint engine, string action, string id, string value, CancellationToken ct) => action switch
    {
        "scale" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int replicas) => ServiceAsync(engine, id, spec => Scale(spec, replicas), "", ct),
        "force" => ServiceAsync(engine, id, Force, "", ct),
        "rollback" => ServiceAsync(engine, id, static _ => { }, "&rollback=previous", ct),
        "availability" when value is "active" or "pause" or "drain" => NodeAsync(engine, id, value, ct),
        _ => throw new EngineRefusal(400, $"no such action: {action} {value}"),
    };

    private static async Task ServiceAsync(EngineEndpoint engine, string id, Action<JsonObject> change, string more, CancellationToken ct)
    {
        string path = "services/" + Uri.EscapeDataString(id);
        JsonNode present = await engine.ReadAsync(path, ct).ConfigureAwait(false);
        var spec = (JsonObject)present["Spec"]!.DeepClone();
        change(spec);
        await engine.PostAsync($"{path}/update?version={VersionOf(present)}{more}", spec, ct).ConfigureAwait(false);
    }

    private static async Task NodeAsync(EngineEndpoint engine, string id, string availability, CancellationToken ct)
    {
        string path = "nodes/" + Uri.EscapeDataString(id);
        JsonNode present = await engine.ReadAsync(path, ct).ConfigureAwait(false);
        JsonNode spec = present["Spec"]!.DeepClone();
        spec["Availability"] = availability;
        await engine.PostAsync($"{path}/update?version={VersionOf(present)}", spec, ct).ConfigureAwait(false);
    }

    private static void Scale(JsonObject spec, int replicas)
    {
        JsonObject mode = spec["Mode"]?["Replicated"] as JsonObject ?? throw new EngineRefusal(400, "only replicated services can be scaled");
        mode["Replicas"] = replicas;
    }

    private static void Force(JsonObject spec)
    {
        var task = (JsonObject)spec["TaskTemplate"]!;
        task["ForceUpdate"] = (task["ForceUpdate"]?.GetValue<ulong>() ?? 0) + 1;
    }

    private static string VersionOf(JsonNode present) => present["Version"]!["Index"]!.ToJsonString();
}
