using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Skep.Cli.Templates;

/// <summary>A method of a row, such as <c>.Label "key"</c>.</summary>
internal delegate object? RowMethod(IReadOnlyList<object?> arguments);

/// <summary>What templates work on: null, string, bool, long, double, lists, maps, methods.</summary>
internal static class TemplateValue
{
    public static object? From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => Map(json),
        JsonValueKind.Array => json.EnumerateArray().Select(From).ToList(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.TryGetInt64(out long number) ? number : json.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
    };

    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        string text => text.Length > 0,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        ICollection list => list.Count > 0,
        _ => true,
    };

    /// <summary>As Go prints it: <c>[a b]</c>, <c>map[k:v]</c>.</summary>
    public static string Print(object? value) => value switch
    {
        null => "<no value>",
        string text => text,
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        IReadOnlyDictionary<string, object?> map => $"map[{string.Join(' ', map.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}:{PrintInside(pair.Value)}"))}]",
        IReadOnlyList<object?> list => $"[{string.Join(' ', list.Select(PrintInside))}]",
        _ => value.ToString() ?? "",
    };

    /// <summary>On one line, without escaping of <c>&lt;&gt;&amp;</c>, but for a whole row: so does Go, where a row marshals itself.</summary>
    public static string ToJson(object? value)
    {
        if (value is Row)
        {
            return Json(value).Replace("<", "\\u003c", StringComparison.Ordinal).Replace(">", "\\u003e", StringComparison.Ordinal).Replace("&", "\\u0026", StringComparison.Ordinal);
        }

        return Json(value);
    }

    private static string Json(object? value)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(writer, value);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Compares as Go's <c>eq</c>, <c>lt</c> and the like; null where the two are of different kinds.</summary>
    public static int? Compare(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (long a, long b) => a.CompareTo(b),
        (double a, double b) => a.CompareTo(b),
        (long a, double b) => ((double)a).CompareTo(b),
        (double a, long b) => a.CompareTo((double)b),
        (bool a, bool b) => a.CompareTo(b),
        (null, null) => 0,
        _ => null,
    };

    private static string PrintInside(object? value) => value is null ? "<nil>" : Print(value);

    private static Dictionary<string, object?> Map(JsonElement json)
    {
        Dictionary<string, object?> map = new(StringComparer.Ordinal);
        foreach (JsonProperty property in json.EnumerateObject())
        {
            map[property.Name] = From(property.Value);
        }

        return map;
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case Row row:
                writer.WriteStartObject();
                foreach ((string name, object? field) in row.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
                {
                    if (field is not RowMethod)
                    {
                        writer.WritePropertyName(name);
                        Write(writer, field);
                    }
                }

                writer.WriteEndObject();
                break;
            case IReadOnlyDictionary<string, object?> map:
                writer.WriteStartObject();
                foreach ((string name, object? field) in map)
                {
                    writer.WritePropertyName(name);
                    Write(writer, field);
                }

                writer.WriteEndObject();
                break;
            case IReadOnlyList<object?> list:
                writer.WriteStartArray();
                foreach (object? item in list)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(value.ToString());
                break;
        }
    }
}

/// <summary>One line of a list: fields by the names that <c>--format</c> uses.</summary>
internal sealed class Row : Dictionary<string, object?>
{
    public Row()
        : base(StringComparer.Ordinal)
    {
    }
}
