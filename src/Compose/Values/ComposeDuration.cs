using System.Buffers;
using System.Globalization;
using System.Text;
using Skep.Model;

namespace Skep.Compose;

/// <summary>A length of time in nanoseconds, written as Go writes it: <c>1m30s</c>, <c>1.5s</c>, <c>250ms</c>.</summary>
public readonly record struct ComposeDuration(long Nanoseconds)
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public Duration ToDuration() => new(Nanoseconds);

    /// <summary>Reads <c>[+-](number unit)+</c> with the units ns, us, µs, ms, s, m, h; null where the text is none.</summary>
    public static ComposeDuration? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ReadOnlySpan<char> rest = text;
        bool negative = false;
        if (rest is ['+' or '-', ..])
        {
            negative = rest[0] == '-';
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return default(ComposeDuration);
        }

        if (rest.IsEmpty)
        {
            return null;
        }

        decimal total = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0
                || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            {
                return null;
            }

            rest = rest[digits..];
            int end = rest.IndexOfAny(Digits);
            ReadOnlySpan<char> unit = end < 0 ? rest : rest[..end];
            decimal scale = NanosecondsOf(unit);
            if (scale == 0 || number > long.MaxValue / scale)
            {
                return null;
            }

            total += decimal.Truncate(number * scale);
            rest = rest[unit.Length..];
        }

        return total > long.MaxValue ? null : new ComposeDuration(negative ? -(long)total : (long)total);
    }

    public override string ToString()
    {
        if (Nanoseconds == 0)
        {
            return "0s";
        }

        ulong left = Nanoseconds < 0 ? 0UL - (ulong)Nanoseconds : (ulong)Nanoseconds;
        StringBuilder text = new(Nanoseconds < 0 ? "-" : "");
        if (left < 1_000_000_000)
        {
            return text.Append(left switch
            {
                < 1_000 => Fraction(left, 1) + "ns",
                < 1_000_000 => Fraction(left, 1_000) + "µs",
                _ => Fraction(left, 1_000_000) + "ms",
            }).ToString();
        }

        ulong minutes = left / 60_000_000_000;
        if (minutes >= 60)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes / 60}h");
        }

        if (minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes % 60}m");
        }

        return text.Append(Fraction(left % 60_000_000_000, 1_000_000_000)).Append('s').ToString();
    }

    private static string Fraction(ulong nanoseconds, ulong unit) =>
        ((decimal)nanoseconds / unit).ToString("0.#########", CultureInfo.InvariantCulture);

    private static decimal NanosecondsOf(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1,
        "us" or "µs" or "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => 0,
    };
}
