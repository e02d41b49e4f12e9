using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Skep.Wire;

/// <summary>RFC 3339 in UTC with as many fractional digits as needed, as Go writes times. The zero time is <c>0001-01-01T00:00:00Z</c>.</summary>
public sealed class WireTime : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'";

    public static string Write(DateTimeOffset time) => time.ToUniversalTime().ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>With exactly nine fractional digits, as log lines carry.</summary>
    public static string WriteNanoseconds(DateTimeOffset time)
        => time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads what Go writes: up to nine fractional digits, of which seven are kept.</summary>
    public static bool TryRead(string text, out DateTimeOffset time)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
        {
            int end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            if (end - dot > 8)
            {
                text = string.Concat(text.AsSpan(0, dot + 8), text.AsSpan(end));
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string text = reader.GetString() ?? "";
        if (text.Length == 0)
        {
            return default;
        }

        return TryRead(text, out DateTimeOffset time) ? time : throw new JsonException($"'{text}' is not a time");
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Write(value));
}
