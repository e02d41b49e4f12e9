using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Skep.Dashboard.Feed;

/// <summary>The Engine API's objects cut down to what the page shows, as JSON text. The same object always gives the same text.</summary>
internal static class Projection
{
    /// <summary>Docker's own; repeated here, since this room knows an engine by its API alone.</summary>
    private const string StackLabel = "com.docker.stack.namespace";

    public static Dictionary<string, string> List(string kind, ReadOnlyMemory<byte> answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer);
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonElement item in document.RootElement.EnumerateArray())
        {
            if (Text(item, kind == "networks" ? "Id" : "ID") is { Length: > 0 } id)
            {
                all[id] = Write(w => Object(kind, id, item, w));
            }
        }

        return all;
    }

    public static string Event(JsonElement told) => Write(w =>
    {
        Put(w, "type", Text(told, "Type"));
        Put(w, "action", Text(told, "Action"));
        Put(w, "id", Text(told, "Actor", "ID"));
        Put(w, "name", Text(told, "Actor", "Attributes", "name"));
        Copy(w, "time", told, "timeNano");
        w.WritePropertyName("more");
        w.WriteStartObject();
        if (At(told, "Actor", "Attributes") is { ValueKind: JsonValueKind.Object } attributes)
        {
            foreach (JsonProperty attribute in attributes.EnumerateObject().Where(a => a.Name.EndsWith(".old", StringComparison.Ordinal) || a.Name.EndsWith(".new", StringComparison.Ordinal) || a.Name == "exitCode"))
            {
                Put(w, attribute.Name, attribute.Value.GetString());
            }
        }

        w.WriteEndObject();
    });

    /// <summary>When an event happened, to 100 ns; null: it does not say.</summary>
    public static DateTimeOffset? Happened(JsonElement told)
        => At(told, "timeNano") is { ValueKind: JsonValueKind.Number } nano && nano.TryGetInt64(out long at) ? DateTimeOffset.UnixEpoch.AddTicks(at / 100) : null;

    /// <summary>A moment as the engine's queries take it: seconds of the epoch with a fraction.</summary>
    public static string Moment(DateTimeOffset at)
    {
        long ticks = (at - DateTimeOffset.UnixEpoch).Ticks;
        return string.Create(CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond:0000000}");
    }

    public static string Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Object(string kind, string id, JsonElement item, Utf8JsonWriter w)
    {
        w.WriteString("id", id);
        switch (kind)
        {
            case "nodes":
                Put(w, "name", Text(item, "Description", "Hostname"));
                Put(w, "role", Text(item, "Spec", "Role"));
                Put(w, "availability", Text(item, "Spec", "Availability"));
                Put(w, "state", Text(item, "Status", "State"));
                Put(w, "message", Text(item, "Status", "Message"));
                Put(w, "addr", Text(item, "Status", "Addr"));
                Copy(w, "leader", item, "ManagerStatus", "Leader");
                Put(w, "reachability", Text(item, "ManagerStatus", "Reachability"));
                Copy(w, "cpus", item, "Description", "Resources", "NanoCPUs");
                Copy(w, "memory", item, "Description", "Resources", "MemoryBytes");
                Put(w, "engine", Text(item, "Description", "Engine", "EngineVersion"));
                Copy(w, "labels", item, "Spec", "Labels");
                break;
            case "services":
                Put(w, "name", Text(item, "Spec", "Name"));
                Put(w, "stack", Text(item, "Spec", "Labels", StackLabel));
                Put(w, "image", Text(item, "Spec", "TaskTemplate", "ContainerSpec", "Image"));
                Put(w, "mode", At(item, "Spec", "Mode") is { ValueKind: JsonValueKind.Object } mode ? mode.EnumerateObject().Select(m => m.Name).FirstOrDefault() : "");
                Copy(w, "replicas", item, "Spec", "Mode", "Replicated", "Replicas");
                Copy(w, "completions", item, "Spec", "Mode", "ReplicatedJob", "TotalCompletions");
                Copy(w, "ports", item, "Endpoint", "Ports");
                Copy(w, "constraints", item, "Spec", "TaskTemplate", "Placement", "Constraints");
                Copy(w, "networks", item, "Spec", "TaskTemplate", "Networks");
                Copy(w, "update", item, "UpdateStatus");
                Put(w, "spec", Fingerprint(At(item, "Spec", "TaskTemplate")));
                w.WriteBoolean("previous", At(item, "PreviousSpec") is { ValueKind: JsonValueKind.Object });
                break;
            case "tasks":
                Put(w, "service", Text(item, "ServiceID"));
                Put(w, "node", Text(item, "NodeID"));
                Copy(w, "slot", item, "Slot");
                Put(w, "state", Text(item, "Status", "State"));
                Put(w, "desired", Text(item, "DesiredState"));
                Put(w, "message", Text(item, "Status", "Message"));
                Put(w, "error", Text(item, "Status", "Err"));
                Put(w, "since", Text(item, "Status", "Timestamp"));
                Put(w, "image", Text(item, "Spec", "ContainerSpec", "Image"));
                Put(w, "container", Text(item, "Status", "ContainerStatus", "ContainerID"));
                Copy(w, "exit", item, "Status", "ContainerStatus", "ExitCode");
                Put(w, "spec", Fingerprint(At(item, "Spec")));
                break;
            default:
                Put(w, "name", Text(item, "Name"));
                Put(w, "driver", Text(item, "Driver"));
                Put(w, "scope", Text(item, "Scope"));
                Put(w, "stack", Text(item, "Labels", StackLabel));
                Copy(w, "subnets", item, "IPAM", "Config");
                Copy(w, "internal", item, "Internal");
                Copy(w, "ingress", item, "Ingress");
                break;
        }
    }

    /// <summary>Equal for a service's task template and the tasks made from it: how the page counts what an update has renewed.</summary>
    private static string? Fingerprint(JsonElement? spec)
        => spec is { } present ? Convert.ToHexStringLower(SHA256.HashData(JsonMarshal.GetRawUtf8Value(present)).AsSpan(0, 4)) : null;

    public static JsonElement? At(JsonElement item, params ReadOnlySpan<string> path)
    {
        foreach (string name in path)
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out item))
            {
                return null;
            }
        }

        return item.ValueKind == JsonValueKind.Null ? null : item;
    }

    public static string? Text(JsonElement item, params ReadOnlySpan<string> path) => At(item, path) is { ValueKind: JsonValueKind.String } found ? found.GetString() : null;

    private static void Put(Utf8JsonWriter w, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            w.WriteString(name, value);
        }
    }

    private static void Copy(Utf8JsonWriter w, string name, JsonElement item, params ReadOnlySpan<string> path)
    {
        if (At(item, path) is { } found)
        {
            w.WritePropertyName(name);
            found.WriteTo(w);
        }
    }
}
