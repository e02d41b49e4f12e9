using System.Text;
using System.Text.Json;
using Skep.Wire;

namespace Skep.Cli.Engine;

/// <summary>Builds paths with query parameters, in the order of their names as Go does.</summary>
internal sealed class Query(string path)
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, bool>> _filters = new(StringComparer.Ordinal);

    /// <summary>A segment of a path that came from outside.</summary>
    public static string Escape(string segment)
    {
        foreach (char c in segment)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                return Uri.EscapeDataString(segment);
            }
        }

        return segment; // Nearly always; the machinery of the other costs more than all the rest of a query.
    }

    public Query With(string name, string value)
    {
        _values[name] = value;
        return this;
    }

    public Query With(string name, ulong value) => With(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public Query When(bool condition, string name, string value) => condition ? With(name, value) : this;

    public Query Filter(string key, string value)
    {
        if (!_filters.TryGetValue(key, out Dictionary<string, bool>? values))
        {
            _filters.Add(key, values = new Dictionary<string, bool>(StringComparer.Ordinal));
        }

        values[value] = true;
        return this;
    }

    /// <summary>As given with <c>--filter key=value</c>.</summary>
    public Query Filters(IEnumerable<KeyValuePair<string, string>> filters)
    {
        foreach ((string key, string value) in filters)
        {
            Filter(key, value);
        }

        return this;
    }

    public override string ToString()
    {
        if (_filters.Count > 0)
        {
            _values["filters"] = JsonSerializer.Serialize(_filters.OrderBy(static filter => filter.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal), WireJson.Default.DictionaryStringDictionaryStringBoolean);
        }

        StringBuilder text = new(path);
        char separator = '?';
        string[] names = [.. _values.Keys];
        Array.Sort(names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            text.Append(separator).Append(name).Append('=').Append(Escape(_values[name]));
            separator = '&';
        }

        return text.ToString();
    }
}
