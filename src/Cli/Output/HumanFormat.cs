using System.Globalization;

namespace Skep.Cli.Output;

/// <summary>How Docker words times, sizes, ids and states.</summary>
/// <remarks>Source: docker/go-units:duration.go, size.go.</remarks>
internal static class HumanFormat
{
    public static string Short(string? id) => id is null ? "" : id.StartsWith("sha256:", StringComparison.Ordinal) ? Short(id[7..]) : id.Length > 12 ? id[..12] : id;

    /// <summary>At most so many characters, the last of them an ellipsis where something was left out.</summary>
    public static string Shortened(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    public static string Capital(string? word) => string.IsNullOrEmpty(word) ? "" : char.ToUpperInvariant(word[0]) + word[1..];

    public static string Ago(DateTimeOffset then, DateTimeOffset now) => $"{Duration(now - then)} ago";

    public static string Duration(TimeSpan span)
    {
        long seconds = (long)span.TotalSeconds;
        long minutes = (long)span.TotalMinutes;
        long hours = (long)(span.TotalHours + 0.5);
        return seconds < 1 ? "Less than a second"
            : seconds == 1 ? "1 second"
            : seconds < 60 ? Text($"{seconds} seconds")
            : minutes == 1 ? "About a minute"
            : minutes < 60 ? Text($"{minutes} minutes")
            : hours == 1 ? "About an hour"
            : hours < 48 ? Text($"{hours} hours")
            : hours < 24 * 7 * 2 ? Text($"{hours / 24} days")
            : hours < 24 * 30 * 2 ? Text($"{hours / 24 / 7} weeks")
            : hours < 24 * 365 * 2 ? Text($"{hours / 24 / 30} months")
            : Text($"{(long)(span.TotalHours / 24 / 365)} years");
    }

    /// <summary>Powers of 1000 with as many significant digits: <c>1.23GB</c>.</summary>
    public static string Size(double bytes, int digits = 4)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
        return Scaled(bytes, 1000, units, digits);
    }

    /// <summary>Powers of 1024: <c>1.23GiB</c>.</summary>
    public static string BinarySize(double bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        return Scaled(bytes, 1024, units, 4);
    }

    /// <summary>Go's way to write a duration given in nanoseconds: <c>1h0m5s</c>.</summary>
    public static string GoDuration(long nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return "0s";
        }

        decimal seconds = Math.Abs((decimal)nanoseconds) / 1_000_000_000m;
        string sign = nanoseconds < 0 ? "-" : "";
        if (seconds < 1)
        {
            return Math.Abs(nanoseconds) >= 1_000_000 ? Text($"{sign}{Plain(seconds * 1000)}ms") : Math.Abs(nanoseconds) >= 1000 ? Text($"{sign}{Plain(seconds * 1_000_000)}µs") : Text($"{sign}{Math.Abs(nanoseconds)}ns");
        }

        long hours = (long)(seconds / 3600);
        long minutes = (long)(seconds / 60) % 60;
        decimal rest = seconds % 60;
        return hours > 0 ? Text($"{sign}{hours}h{minutes}m{Plain(rest)}s") : minutes > 0 ? Text($"{sign}{minutes}m{Plain(rest)}s") : Text($"{sign}{Plain(rest)}s");
    }

    /// <summary>Orders <c>web.2</c> before <c>web.10</c>.</summary>
    public static int CompareNatural(string? a, string? b)
    {
        a ??= "";
        b ??= "";
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
            {
                int si = i, sj = j;
                while (i < a.Length && char.IsAsciiDigit(a[i]))
                {
                    i++;
                }

                while (j < b.Length && char.IsAsciiDigit(b[j]))
                {
                    j++;
                }

                ReadOnlySpan<char> x = a.AsSpan(si, i - si).TrimStart('0');
                ReadOnlySpan<char> y = b.AsSpan(sj, j - sj).TrimStart('0');
                int order = x.Length != y.Length ? x.Length.CompareTo(y.Length) : x.SequenceCompareTo(y);
                if (order != 0)
                {
                    return order;
                }
            }
            else if (a[i] != b[j])
            {
                return a[i].CompareTo(b[j]);
            }
            else
            {
                i++;
                j++;
            }
        }

        return (a.Length - i).CompareTo(b.Length - j);
    }

    private static string Plain(decimal number) => number.ToString("0.#########", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static string Scaled(double size, double step, string[] units, int digits)
    {
        int i = 0;
        while (size >= step && i < units.Length - 1)
        {
            size /= step;
            i++;
        }

        return Significant(size, digits) + units[i];
    }

    private static string Significant(double value, int digits)
    {
        if (value == 0)
        {
            return "0";
        }

        int whole = (int)Math.Floor(Math.Log10(Math.Abs(value))) + 1;
        int places = Math.Clamp(digits - whole, 0, 15);
        return Math.Round(value, places).ToString("0.###############", CultureInfo.InvariantCulture);
    }
}
