using Skep.Cli.Parsing;
using Skep.Wire;

namespace Skep.Cli.Services.Values;

/// <summary>A secret or config that a service asks for, not yet looked up.</summary>
internal sealed record FileValue(string Source, WireFileTarget Target)
{
    private const uint ReadableByAll = 0x124; // 0444

    /// <summary>Reads <c>--secret name</c> and <c>--secret source=name,target=path,uid=1,gid=1,mode=0400</c>.</summary>
    public static FileValue Read(string text)
    {
        List<string> fields = GoValues.Csv(text);
        WireFileTarget target = new() { Uid = "0", Gid = "0", Mode = ReadableByAll };
        if (fields.Count == 1 && !fields[0].Contains('=', StringComparison.Ordinal))
        {
            return new FileValue(fields[0], target with { Name = fields[0] });
        }

        string source = "";
        foreach (string field in fields)
        {
            (string key, string value) = GoValues.Pair(field);
            if (!field.Contains('=', StringComparison.Ordinal))
            {
                throw new FormatException($"invalid field '{field}' must be a key=value pair");
            }

            switch (key.Trim().ToLowerInvariant())
            {
                case "source" or "src":
                    source = value;
                    break;
                case "target":
                    target = target with { Name = value };
                    break;
                case "uid":
                    target = target with { Uid = value };
                    break;
                case "gid":
                    target = target with { Gid = value };
                    break;
                case "mode":
                    target = target with { Mode = MountValue.FileMode(value, "mode") };
                    break;
                default:
                    throw new FormatException($"invalid field in secret request: {key}");
            }
        }

        return source.Length == 0 ? throw new FormatException("source is required") : new FileValue(source, target with { Name = target.Name ?? source });
    }
}
