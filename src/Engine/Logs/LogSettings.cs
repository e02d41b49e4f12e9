using System.Globalization;

namespace Skep.Engine.Logs;

/// <summary>What a container's log driver asks for, understood.</summary>
/// <param name="IsKept">False with driver none: output goes nowhere.</param>
/// <param name="MaxFileBytes">A file is closed when it would grow past this; 0: never.</param>
/// <param name="MaxFiles">Files kept, the current one included.</param>
internal sealed record LogSettings(bool IsKept, long MaxFileBytes, int MaxFiles)
{
    /// <summary>What a tag may hold of the container.</summary>
    public static readonly ValueList<string> TagFields = ["{{.ID}}", "{{.FullID}}", "{{.Name}}", "{{.ImageName}}", "{{.ImageFullID}}", "{{.ImageID}}", "{{.DaemonName}}"];

    /// <summary>Of driver none.</summary>
    public static readonly LogSettings Nowhere = new(false, 0, 1);

    /// <summary>Without options: one file without limit.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: an option is not offered here.</exception>
    public static LogSettings OfJsonFile(ValueMap<string, string> options) => Of(options, isLocal: false, size: 0, files: 1);

    /// <summary>Without options: five files of 20 MiB.</summary>
    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: an option is not offered here.</exception>
    public static LogSettings OfLocal(ValueMap<string, string> options) => Of(options, isLocal: true, size: 20L << 20, files: 5);

    private static LogSettings Of(ValueMap<string, string> options, bool isLocal, long size, int files)
    {
        foreach ((string name, string value) in options)
        {
            switch (name)
            {
                case "max-size":
                    size = ParseSize(value);
                    break;
                case "max-file":
                    files = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
                        ? count
                        : throw ClusterException.Invalid($"max-file cannot be less than 1: '{value}'");
                    break;
                case "compress":
                    if (value is not ("false" or "0"))
                    {
                        throw ClusterException.Invalid("log opt 'compress=true' is not supported: files that are rotated away stay as they are; leave it out");
                    }

                    break;
                case "tag" when !isLocal && TagFields.Aggregate(value, static (rest, field) => rest.Replace(field, "", StringComparison.Ordinal)).Contains("{{", StringComparison.Ordinal):
                    throw ClusterException.Invalid($"log opt 'tag': '{value}' holds a template that is none of {string.Join(", ", TagFields)}");
                case "labels" or "labels-regex" or "env" or "env-regex" or "tag" when !isLocal:
                    // They are read when the log is: see LogAttributes.
                    break;
                case "mode" or "max-buffer-size":
                    // Output goes to a file first, so a container never waits for its logs: both modes are kept.
                    break;
                default:
                    throw ClusterException.Invalid($"unknown log opt '{name}' for {(isLocal ? "local" : "json-file")} log driver");
            }
        }

        return files > 1 && size == 0 ? throw ClusterException.Invalid("cannot specify max-file with no max-size") : new LogSettings(true, size, files);
    }

    private static long ParseSize(string text)
    {
        string lower = text.Trim().ToLowerInvariant().TrimEnd('b');
        (string digits, long unit) = lower.Length == 0 ? ("", 1) : lower[^1] switch
        {
            'k' => (lower[..^1], 1L << 10),
            'm' => (lower[..^1], 1L << 20),
            'g' => (lower[..^1], 1L << 30),
            _ => (lower, 1L),
        };
        if (lower == "-1")
        {
            return 0;
        }

        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value > 0
            ? (long)(value * unit)
            : throw ClusterException.Invalid($"invalid max-size: '{text}'");
    }
}
