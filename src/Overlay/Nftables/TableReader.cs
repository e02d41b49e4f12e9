using System.Globalization;
using System.Text.Json;

namespace Skep.Overlay.Nftables;

/// <summary>Reads a table back from libnftables' JSON.</summary>
/// <remarks>Source: libnftables-json(5).</remarks>
internal static class TableReader
{
    /// <summary>The table of that name; empty state if the kernel has none.</summary>
    public static TableState Read(NftContext context, string table)
    {
        var state = new TableState();
        if (context.List($"list table ip {table}") is { } json)
        {
            Parse(json, state);
        }

        return state;
    }

    public static void Parse(string json, TableState state)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("chain", out JsonElement chain))
            {
                TakeChain(chain.GetProperty("name").GetString()!, state);
            }
            else if (item.TryGetProperty("map", out JsonElement map) || item.TryGetProperty("set", out map))
            {
                TakeElements(map, state);
            }
        }
    }

    /// <summary>Chains of other tables that drop forwarded packets by default: name of family, table and chain.</summary>
    public static List<string> ForwardDropsOf(string json, string ownTable)
    {
        var found = new List<string>();
        using JsonDocument document = JsonDocument.Parse(json);
        foreach (JsonElement item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (item.TryGetProperty("chain", out JsonElement chain)
                && chain.TryGetProperty("hook", out JsonElement hook) && hook.ValueEquals("forward")
                && chain.TryGetProperty("policy", out JsonElement policy) && policy.ValueEquals("drop")
                && chain.GetProperty("table").GetString() is { } table && table != ownTable)
            {
                found.Add($"{chain.GetProperty("family").GetString()} {table} {chain.GetProperty("name").GetString()}");
            }
        }
        return found;
    }

    private static void TakeChain(string name, TableState state)
    {
        if (name.StartsWith("v_", StringComparison.Ordinal))
        {
            state.Marker = name;
        }
        else if (name.StartsWith("lb", StringComparison.Ordinal) && int.TryParse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            state.BalanceChains.Add(count);
        }
    }

    private static void TakeElements(JsonElement set, TableState state)
    {
        if (!set.TryGetProperty("elem", out JsonElement elements))
        {
            return;
        }

        Dictionary<string, string> present = state.In(set.GetProperty("name").GetString()!);
        bool isMap = set.TryGetProperty("map", out _);
        foreach (JsonElement element in elements.EnumerateArray())
        {
            if (isMap)
            {
                present[TextOf(element[0])] = TextOf(element[1]);
            }
            else
            {
                present[TextOf(element)] = "";
            }
        }
    }

    private static string TextOf(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.GetRawText();
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return Canonical(value.GetString()!);
        }

        if (value.TryGetProperty("concat", out JsonElement parts))
        {
            return string.Join(" . ", parts.EnumerateArray().Select(TextOf));
        }

        if (value.TryGetProperty("elem", out JsonElement inner))
        {
            return TextOf(inner.GetProperty("val"));
        }

        if (value.TryGetProperty("goto", out JsonElement verdict))
        {
            return $"goto {verdict.GetProperty("target").GetString()}";
        }

        return value.GetRawText();
    }

    private static string Canonical(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : text;
}
