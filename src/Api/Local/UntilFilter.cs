using System.Globalization;

namespace Skep.Api.Local;

/// <summary>The filter <c>until</c>: a moment, seconds since 1970, or a duration before now.</summary>
internal static class UntilFilter
{
    public static DateTimeOffset Parse(string text, DateTimeOffset now)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
        {
            return DateTimeOffset.FromUnixTimeSeconds(seconds);
        }

        if (Duration(text) is { } duration)
        {
            return now - duration;
        }

        return WireTime.TryRead(text, out DateTimeOffset time) ? time : throw ClusterException.Invalid($"failed to parse value as time or duration: \"{text}\"");
    }

    /// <summary>Go's <c>1h30m</c>; null for something else.</summary>
    private static TimeSpan? Duration(string text)
    {
        double total = 0;
        int at = 0;
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            {
                end++;
            }

            if (end == at || !double.TryParse(text.AsSpan(at, end - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                return null;
            }

            int unitEnd = end;
            while (unitEnd < text.Length && char.IsAsciiLetter(text[unitEnd]))
            {
                unitEnd++;
            }

            double unit = text[end..unitEnd] switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 0.001,
                _ => 0,
            };
            if (unit == 0)
            {
                return null;
            }

            total += number * unit;
            at = unitEnd;
        }

        return text.Length == 0 ? null : TimeSpan.FromSeconds(total);
    }
}
