using System.Globalization;

namespace Skep.Compose;

/// <summary>Dates and times in plain scalars: <c>2001-12-14</c>, <c>2001-12-14T21:59:43.1Z</c>, <c>2001-12-14 21:59:43</c>.</summary>
internal static class YamlTimestamp
{
    public static ComposeValue.Timestamp? TryParse(string text)
    {
        if (text.Length < 8 || text[4] != '-' || text.AsSpan(0, 4).ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        int split = text.AsSpan().IndexOfAny('T', 't', ' ');
        string[] date = (split < 0 ? text : text[..split]).Split('-');
        if (date.Length != 3 || !Number(date[1], 1, 12, out int month) || !Number(date[2], 1, 31, out int day))
        {
            return null;
        }

        int year = int.Parse(date[0], CultureInfo.InvariantCulture);
        if (year == 0 || day > DateTime.DaysInMonth(year, month))
        {
            return null;
        }

        if (split < 0)
        {
            return new ComposeValue.Timestamp(new DateTimeOffset(year, month, day, 0, 0, 0, TimeSpan.Zero), 0);
        }

        return Clock(text[(split + 1)..], zoned: text[split] != ' ') is var (time, zone, nanoseconds)
            ? new ComposeValue.Timestamp(new DateTimeOffset(new DateTime(year, month, day) + time, zone), nanoseconds)
            : null;
    }

    private static (TimeSpan Time, TimeSpan Zone, int Nanoseconds)? Clock(string text, bool zoned)
    {
        TimeSpan zone = TimeSpan.Zero;
        if (zoned)
        {
            int sign = text.AsSpan().IndexOfAny('+', '-');
            if (sign >= 0)
            {
                string[] offset = text[(sign + 1)..].Split(':');
                if (offset.Length != 2 || offset[0].Length != 2 || offset[1].Length != 2
                    || !Number(offset[0], 0, 13, out int zoneHour) || !Number(offset[1], 0, 59, out int zoneMinute))
                {
                    return null;
                }

                zone = new TimeSpan(zoneHour, zoneMinute, 0) * (text[sign] == '-' ? -1 : 1);
                text = text[..sign];
            }
            else if (text.EndsWith('Z'))
            {
                text = text[..^1];
            }
            else
            {
                return null;
            }
        }

        string[] parts = text.Split('.');
        string[] clock = parts[0].Split(':');
        int nanoseconds = 0;
        if (parts.Length > 2 || clock.Length != 3
            || !Number(clock[0], 0, 23, out int hour) || !Number(clock[1], 0, 59, out int minute) || !Number(clock[2], 0, 59, out int second)
            || (parts.Length == 2 && !int.TryParse(parts[1].PadRight(9, '0')[..9], NumberStyles.None, CultureInfo.InvariantCulture, out nanoseconds)))
        {
            return null;
        }

        return (new TimeSpan(hour, minute, second), zone, nanoseconds);
    }

    private static bool Number(string text, int least, int most, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
        && text.Length <= 2 && value >= least && value <= most;
}
