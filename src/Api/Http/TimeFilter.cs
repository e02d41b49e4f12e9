using System.Globalization;

namespace Skep.Api.Http;

/// <summary>A moment as filters spell it: Unix seconds, RFC 3339 (also without a zone or a time), or how long ago: <c>10m</c>, <c>1h30m</c>.</summary>
internal static class TimeFilter
{
    private static readonly string[] Forms = ["yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH", "yyyy-MM-dd"];

    /// <exception cref="ClusterException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    public static DateTimeOffset Read(string text, DateTimeOffset now)
    {
        try
        {
            return TryRead(text, now) ?? throw ClusterException.Invalid($"failed to parse value as time or duration: \"{text}\"");
        }
        catch (Exception e) when (e is OverflowException or ArgumentOutOfRangeException)
        {
            throw new ClusterException(ErrorKind.InvalidArgument, $"the time \"{text}\" is out of range: years 1 to 9999 can be told", e);
        }
    }

    private static DateTimeOffset? TryRead(string text, DateTimeOffset now)
    {
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal seconds))
        {
            return DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
        }

        if (Ago(text) is { } ago)
        {
            return now - ago;
        }

        return WireTime.TryRead(text, out DateTimeOffset exact) || DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out exact)
            ? exact
            : null;
    }

    private static TimeSpan? Ago(string text)
    {
        TimeSpan sum = TimeSpan.Zero;
        int at = 0;
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            {
                end++;
            }

            int unitEnd = end;
            while (unitEnd < text.Length && char.IsAsciiLetter(text[unitEnd]))
            {
                unitEnd++;
            }

            TimeSpan? unit = text[end..unitEnd] switch
            {
                "h" => TimeSpan.FromHours(1),
                "m" => TimeSpan.FromMinutes(1),
                "s" => TimeSpan.FromSeconds(1),
                "ms" => TimeSpan.FromMilliseconds(1),
                _ => null,
            };
            if (unit is null || !double.TryParse(text[at..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
            {
                return null;
            }

            sum += unit.Value * number;
            at = unitEnd;
        }

        return text.Length > 0 ? sum : null;
    }
}
