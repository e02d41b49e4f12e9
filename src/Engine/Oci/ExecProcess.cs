using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Skep.Engine.Exec;

namespace Skep.Engine.Oci;

/// <summary>Writes the OCI process of an exec: process 1 of the container's spec with the request's wishes over it. Pure.</summary>
/// <remarks>Source: moby/moby:daemon/exec_linux.go, daemon/exec.go for what is inherited and what is not.</remarks>
internal static class ExecProcess
{
    /// <param name="user">Null: as process 1.</param>
    /// <param name="allCapabilities">Given to a privileged exec.</param>
    public static byte[] Write(ReadOnlyMemory<byte> specJson, ExecRequest request, ResolvedUser? user, ValueList<string> allCapabilities)
    {
        using JsonDocument spec = JsonDocument.Parse(specJson);
        JsonElement process = spec.RootElement.GetProperty("process");
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (request.Tty)
            {
                json.WriteBoolean("terminal", true);
            }

            foreach (JsonProperty member in process.EnumerateObject())
            {
                switch (member.Name)
                {
                    case "terminal" or "consoleSize":
                        break;
                    case "args":
                        WriteList(json, "args", request.Command);
                        break;
                    case "env":
                        WriteList(json, "env", Env([.. member.Value.EnumerateArray().Select(e => e.GetString()!)], request));
                        break;
                    case "cwd" when request.WorkingDirectory.Length > 0:
                        json.WriteString("cwd", request.WorkingDirectory);
                        break;
                    case "user" when user is not null:
                        WriteUser(json, user);
                        break;
                    case "capabilities":
                        WriteCapabilities(json, member.Value, request, user, process, allCapabilities);
                        break;
                    case "noNewPrivileges" when request.Privileged:
                        json.WriteBoolean("noNewPrivileges", false);
                        break;
                    default:
                        member.WriteTo(json);
                        break;
                }
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The container's variables, a terminal's TERM, then the request's; each name once, a bare name takes one away.</summary>
    internal static List<string> Env(List<string> container, ExecRequest request)
    {
        List<string> result = container;
        if (request.Tty && !result.Exists(v => v.StartsWith("TERM=", StringComparison.Ordinal)))
        {
            result.Add("TERM=xterm");
        }

        foreach (string variable in request.Env)
        {
            string name = variable.Split('=', 2)[0];
            int place = result.FindIndex(v => v.Split('=', 2)[0] == name);
            bool isTaken = place >= 0;
            if (!variable.Contains('=', StringComparison.Ordinal))
            {
                if (isTaken)
                {
                    result.RemoveAt(place);
                }
            }
            else if (isTaken)
            {
                result[place] = variable;
            }
            else
            {
                result.Add(variable);
            }
        }

        return result;
    }

    private static void WriteUser(Utf8JsonWriter json, ResolvedUser user)
    {
        json.WriteStartObject("user");
        json.WriteNumber("uid", user.Uid);
        json.WriteNumber("gid", user.Gid);
        if (!user.Groups.IsEmpty)
        {
            json.WriteStartArray("additionalGids");
            foreach (uint group in user.Groups)
            {
                json.WriteNumberValue(group);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteCapabilities(Utf8JsonWriter json, JsonElement inherited, ExecRequest request, ResolvedUser? user, JsonElement process, ValueList<string> all)
    {
        uint uid = user?.Uid ?? process.GetProperty("user").GetProperty("uid").GetUInt32();
        ValueList<string> bounding = request.Privileged
            ? all
            : inherited.TryGetProperty("bounding", out JsonElement list) ? list.EnumerateArray().Select(e => e.GetString()!).ToValueList() : [];
        json.WriteStartObject("capabilities");
        WriteList(json, "bounding", bounding);
        if (uid == 0 || request.Privileged)
        {
            WriteList(json, "effective", bounding);
            WriteList(json, "permitted", bounding);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> items)
    {
        json.WriteStartArray(name);
        foreach (string item in items)
        {
            json.WriteStringValue(item);
        }

        json.WriteEndArray();
    }
}
