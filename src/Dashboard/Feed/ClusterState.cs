using System.Text;

namespace Skep.Dashboard.Feed;

/// <summary>What every page shows now, and what changes it. Its messages are ready to send: JSON of one line.</summary>
internal sealed class ClusterState
{
    public static readonly string[] Kinds = ["nodes", "services", "tasks", "networks"];
    private readonly Dictionary<string, Dictionary<string, string>> _kinds = Kinds.ToDictionary(k => k, _ => new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>All of it, for a page that has just come.</summary>
    public string Whole()
    {
        var text = new StringBuilder("{\"whole\":true");
        foreach (string kind in Kinds)
        {
            Append(text, kind, _kinds[kind].Values, []);
        }

        return text.Append('}').ToString();
    }

    /// <summary>Takes a kind's present objects in.</summary>
    /// <returns>What the pages are to be told; null when nothing changed.</returns>
    public string? Update(string kind, Dictionary<string, string> present)
    {
        Dictionary<string, string> before = _kinds[kind];
        string[] changed = [.. present.Where(p => !before.TryGetValue(p.Key, out string? old) || old != p.Value).Select(p => p.Value)];
        string[] gone = [.. before.Keys.Where(id => !present.ContainsKey(id))];
        _kinds[kind] = present;
        if (changed.Length + gone.Length == 0)
        {
            return null;
        }

        var text = new StringBuilder("{\"whole\":false");
        Append(text, kind, changed, gone);
        return text.Append('}').ToString();
    }

    public IEnumerable<string> Of(string kind) => _kinds[kind].Values;

    private static void Append(StringBuilder text, string kind, IEnumerable<string> objects, string[] gone)
    {
        text.Append(",\"").Append(kind).Append("\":[").AppendJoin(',', objects).Append(']');
        if (gone.Length > 0)
        {
            text.Append(",\"").Append(kind).Append("Gone\":[\"").AppendJoin("\",\"", gone).Append("\"]");
        }
    }
}
