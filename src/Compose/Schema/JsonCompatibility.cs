using System.Text;

namespace Skep.Compose;

/// <summary>Whether a value can be JSON, which the rules are made for, and its JSON for comparing.</summary>
internal static class JsonCompatibility
{
    /// <exception cref="ComposeException">A mapping has keys that are no texts, or a number is infinite or none.</exception>
    public static void Check(ComposeValue value)
    {
        switch (value)
        {
            case ComposeValue.Mapping { HasOtherKeys: true }:
                throw new ComposeException("json: unsupported type: map[interface {}]interface {}", value.Where);
            case ComposeValue.Mapping map:
                foreach (KeyValuePair<string, ComposeValue> entry in map.Entries.OrderBy(static e => e.Key, StringComparer.Ordinal))
                {
                    Check(entry.Value);
                }

                break;
            case ComposeValue.Sequence list:
                foreach (ComposeValue item in list.Items)
                {
                    Check(item);
                }

                break;
            case ComposeValue.Real real when !double.IsFinite(real.Value):
                throw new ComposeException($"json: unsupported value: {GoText.Of(real)}", value.Where);
            default:
                break;
        }
    }

    /// <summary>A text that is the same for values that are the same JSON.</summary>
    public static string Canonical(ComposeValue value)
    {
        StringBuilder json = new();
        Write(value, json);
        return json.ToString();
    }

    private static void Write(ComposeValue value, StringBuilder json)
    {
        switch (value)
        {
            case ComposeValue.Mapping map:
                json.Append('{');
                foreach (KeyValuePair<string, ComposeValue> entry in map.Entries.OrderBy(static e => e.Key, StringComparer.Ordinal))
                {
                    json.Append(GoText.Quote(entry.Key)).Append(':');
                    Write(entry.Value, json);
                    json.Append(',');
                }

                json.Append('}');
                break;
            case ComposeValue.Sequence list:
                json.Append('[');
                foreach (ComposeValue item in list.Items)
                {
                    Write(item, json);
                    json.Append(',');
                }

                json.Append(']');
                break;
            case ComposeValue.Text text:
                json.Append(GoText.Quote(text.Value));
                break;
            default:
                json.Append(GoText.Of(value));
                break;
        }
    }
}
