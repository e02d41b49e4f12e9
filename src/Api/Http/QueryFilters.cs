using System.Text.Json;

namespace Skep.Api.Http;

/// <summary>The <c>filters</c> parameter, in both spellings: maps of sets, and the older maps of lists.</summary>
/// <remarks>Values of one key are alternatives, save labels, which must all hold; keys are combined with and.</remarks>
internal sealed class QueryFilters
{
    private readonly Dictionary<string, string[]> _values;

    private QueryFilters(Dictionary<string, string[]> values) => _values = values;

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>: unreadable, or a key that is not allowed.</exception>
    public static QueryFilters Parse(string json, ReadOnlySpan<string> allowed)
    {
        var values = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (json.Length > 0)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(json);
                foreach (JsonProperty key in document.RootElement.EnumerateObject())
                {
                    values[key.Name] = [.. Members(key.Value)];
                }
            }
            catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
            {
                throw new ClusterException(ErrorKind.InvalidArgument, "invalid filter", wrong);
            }
        }

        foreach (string key in values.Keys)
        {
            if (!allowed.Contains(key))
            {
                throw ClusterException.Invalid($"invalid filter '{key}'");
            }
        }

        return new QueryFilters(values);
    }

    public bool Has(string key) => Values(key).Count > 0;

    public IReadOnlyList<string> Values(string key) => _values.TryGetValue(key, out string[]? values) ? values : [];

    /// <summary>True if the key is not asked for, or one of its values fits.</summary>
    public bool Any(string key, Func<string, bool> fits) => Values(key) is not { Count: > 0 } values || values.Any(fits);

    public bool Exact(string key, string text) => Any(key, v => v == text);

    public bool Prefix(string key, string text) => Any(key, v => text.StartsWith(v, StringComparison.Ordinal));

    /// <summary>Part of the text, as networks, volumes and containers match.</summary>
    public bool Part(string key, string text) => Any(key, v => text.Contains(v, StringComparison.Ordinal));

    /// <summary>Every <c>key</c> or <c>key=value</c> must hold.</summary>
    public bool Labels(string key, IReadOnlyDictionary<string, string> labels) => Values(key).All(wanted =>
    {
        string[] parts = wanted.Split('=', 2);
        return labels.TryGetValue(parts[0], out string? value) && (parts.Length == 1 || value == parts[1]);
    });

    /// <summary>A filter that is true or false; null if it is not asked for.</summary>
    public bool? Flag(string key) => Values(key) switch
    {
        [] => null,
        ["true" or "1"] => true,
        ["false" or "0"] => false,
        [var other, ..] => throw ClusterException.Invalid($"invalid filter '{key}={other}'"),
    };

    /// <summary>Refuses values that are not among these.</summary>
    public void RequireKnown(string key, params ReadOnlySpan<string> known)
    {
        foreach (string value in Values(key))
        {
            if (!known.Contains(value))
            {
                throw ClusterException.Invalid($"invalid filter '{key}={value}'");
            }
        }
    }

    private static IEnumerable<string> Members(JsonElement values) => values.ValueKind switch
    {
        JsonValueKind.Object => [.. values.EnumerateObject().Where(v => v.Value.ValueKind == JsonValueKind.True).Select(v => v.Name)],
        JsonValueKind.Array => [.. values.EnumerateArray().Select(v => v.GetString() ?? "")],
        JsonValueKind.String => [values.GetString() ?? ""],
        JsonValueKind.Null => [],
        _ => throw new JsonException("neither a set nor a list"),
    };
}
