using System.Globalization;
using Skep.Cli.Templates;

namespace Skep.Cli.Objects;

/// <summary>Labels and times in lists.</summary>
internal static class LabelFormat
{
    public static string Join(Dictionary<string, string>? labels) => string.Join(',', (labels ?? []).OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={pair.Value}"));

    public static RowMethod Lookup(Dictionary<string, string>? labels) =>
        arguments => arguments.Count > 0 && arguments[0] is string key ? labels?.GetValueOrDefault(key) ?? "" : throw new TemplateException("wrong number of args for Label: want 1 got 0");

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF '+0000 UTC'", CultureInfo.InvariantCulture);

    /// <summary>As <c>--pretty</c> shows it.</summary>
    public static string PrettyTime(DateTimeOffset time) => Time(time).Replace("UTC", "utc", StringComparison.Ordinal);

    /// <summary>As <c>--pretty</c> shows them: nothing, or a head and a line for each.</summary>
    public static string Pretty(Dictionary<string, string>? labels, string head = "Labels:")
        => labels is not { Count: > 0 } ? "" : $"{head}\n{string.Concat(labels.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $" - {pair.Key}={pair.Value}\n"))}";

    public static Dictionary<string, string> Map(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach ((string key, string value) in pairs)
        {
            map[key] = value;
        }

        return map;
    }
}
