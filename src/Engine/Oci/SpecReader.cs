using System.Text.Json;

namespace Skep.Engine.Oci;

/// <summary>What a container's spec tells about it afterwards.</summary>
internal sealed record SpecReader(ValueList<string> Args, ValueList<string> Env, string Cwd, string User, string Hostname, bool Tty, ValueList<OciMount> Mounts)
{
    /// <summary>Of a spec that is not one of ours.</summary>
    public static SpecReader Unreadable { get; } = new([], [], "/", "", "", false, []);

    /// <summary>Path of its control group, as its runtime knows it; empty: none was said.</summary>
    public string CgroupPath { get; private init; } = "";

    /// <summary>File of its network namespace; empty: the host's, or one made for it alone.</summary>
    public string NetworkNamespace { get; private init; } = "";

    public static SpecReader Read(ReadOnlyMemory<byte> specJson)
    {
        using JsonDocument document = JsonDocument.Parse(specJson);
        JsonElement process = document.RootElement.GetProperty("process");
        JsonElement user = process.GetProperty("user");
        return new SpecReader(
            Strings(process, "args"),
            Strings(process, "env"),
            process.GetProperty("cwd").GetString() ?? "/",
            $"{user.GetProperty("uid").GetUInt32()}:{user.GetProperty("gid").GetUInt32()}",
            document.RootElement.GetProperty("hostname").GetString() ?? "",
            process.TryGetProperty("terminal", out JsonElement terminal) && terminal.GetBoolean(),
            document.RootElement.GetProperty("mounts").EnumerateArray().Select(m => new OciMount(
                m.GetProperty("destination").GetString()!, m.GetProperty("type").GetString()!, m.GetProperty("source").GetString()!, Strings(m, "options"))).ToValueList())
        {
            CgroupPath = document.RootElement.TryGetProperty("linux", out JsonElement linux) && linux.TryGetProperty("cgroupsPath", out JsonElement path) ? path.GetString() ?? "" : "",
            NetworkNamespace = NetworkOf(document.RootElement),
        };
    }

    private static string NetworkOf(JsonElement root)
    {
        if (!root.TryGetProperty("linux", out JsonElement linux) || !linux.TryGetProperty("namespaces", out JsonElement namespaces))
        {
            return "";
        }

        foreach (JsonElement space in namespaces.EnumerateArray())
        {
            if (space.GetProperty("type").ValueEquals("network"))
            {
                return space.TryGetProperty("path", out JsonElement path) ? path.GetString() ?? "" : "";
            }
        }

        return "";
    }

    /// <summary>Names of the volumes a container mounts: those whose files lie below the volumes' directory.</summary>
    public IEnumerable<string> VolumeNames(string volumesDirectory)
        => Mounts.Select(m => VolumeName(m, volumesDirectory)).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>Null for a mount that is no volume.</summary>
    public static string? VolumeName(OciMount mount, string volumesDirectory)
    {
        string prefix = volumesDirectory.TrimEnd('/') + "/";
        return mount.Source.StartsWith(prefix, StringComparison.Ordinal) ? mount.Source[prefix.Length..].Split('/')[0] : null;
    }

    private static ValueList<string> Strings(JsonElement parent, string name)
        => parent.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(e => e.GetString()!).ToValueList() : [];
}
