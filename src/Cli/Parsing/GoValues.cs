using System.Globalization;

namespace Skep.Cli.Parsing;

/// <summary>Reads the values that Docker's flags take. All throw <see cref="FormatException"/> with the text that Go's libraries use.</summary>
internal static class GoValues
{
    public static bool Bool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException($"strconv.ParseBool: parsing \"{text}\": invalid syntax"),
    };

    public static ulong Unsigned(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
        ? value
        : throw new FormatException($"strconv.ParseUint: parsing \"{text}\": invalid syntax");

    public static long Signed(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
        ? value
        : throw new FormatException($"strconv.ParseInt: parsing \"{text}\": invalid syntax");

    public static float Ratio(string text) => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
        ? value
        : throw new FormatException($"strconv.ParseFloat: parsing \"{text}\": invalid syntax");

    /// <summary><c>50m</c>, <c>1.5g</c>, <c>64KiB</c>: powers of 1024.</summary>
    /// <remarks>Source: docker/go-units:size.go, RAMInBytes.</remarks>
    public static long Bytes(string text)
    {
        int digits = text.Length;
        while (digits > 0 && !char.IsAsciiDigit(text[digits - 1]) && text[digits - 1] != '.')
        {
            digits--;
        }

        string unit = text[digits..].Trim().ToLowerInvariant();
        int power = unit switch
        {
            "" or "b" => 0,
            "k" or "kb" or "kib" => 1,
            "m" or "mb" or "mib" => 2,
            "g" or "gb" or "gib" => 3,
            "t" or "tb" or "tib" => 4,
            "p" or "pb" or "pib" => 5,
            _ => throw new FormatException($"invalid size: '{text}'"),
        };
        return decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value) && value < long.MaxValue >> (10 * power)
            ? (long)(value * (1L << (10 * power)))
            : throw new FormatException($"invalid size: '{text}'");
    }

    /// <summary><c>1.5</c> CPUs in billionths.</summary>
    public static long NanoCpus(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal value) || Math.Abs(value) > int.MaxValue)
        {
            throw new FormatException($"failed to parse {text} as a rational number");
        }

        decimal nano = value * 1_000_000_000m;
        return nano == decimal.Truncate(nano) ? (long)nano : throw new FormatException("value is too precise");
    }

    /// <summary><c>1h2m3.5s</c>, <c>300ms</c> in nanoseconds.</summary>
    /// <remarks>Source: Go's time.ParseDuration.</remarks>
    public static long Duration(string text)
    {
        ReadOnlySpan<char> rest = text;
        bool negative = rest.StartsWith("-");
        rest = negative || rest.StartsWith("+") ? rest[1..] : rest;
        if (rest is "0")
        {
            return 0;
        }

        decimal total = 0;
        if (rest.IsEmpty)
        {
            throw new FormatException($"time: invalid duration \"{text}\"");
        }

        while (!rest.IsEmpty)
        {
            int digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            int end = digits;
            while (end < rest.Length && !char.IsAsciiDigit(rest[end]) && rest[end] != '.')
            {
                end++;
            }

            if (digits == 0 || digits > 18 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
            {
                throw new FormatException($"time: invalid duration \"{text}\"");
            }

            string unit = rest[digits..end].ToString();
            total += value * unit switch
            {
                "ns" => 1m,
                "us" or "µs" or "μs" => 1_000m,
                "ms" => 1_000_000m,
                "s" => 1_000_000_000m,
                "m" => 60_000_000_000m,
                "h" => 3_600_000_000_000m,
                "" => throw new FormatException($"time: missing unit in duration \"{text}\""),
                _ => throw new FormatException($"time: unknown unit \"{unit}\" in duration \"{text}\""),
            };
            rest = rest[end..];
        }

        return total <= long.MaxValue ? (long)(negative ? -total : total) : throw new FormatException($"time: invalid duration \"{text}\"");
    }

    /// <summary><c>key=value</c>; a key alone has an empty value.</summary>
    public static KeyValuePair<string, string> Pair(string text)
    {
        int split = text.IndexOf('=', StringComparison.Ordinal);
        return split < 0 ? KeyValuePair.Create(text, "") : KeyValuePair.Create(text[..split], text[(split + 1)..]);
    }

    /// <summary>Comma separated fields, of which some may be quoted: <c>a,"b,c"</c>.</summary>
    public static List<string> Csv(string text)
    {
        List<string> fields = [];
        int at = 0;
        while (at <= text.Length)
        {
            if (at < text.Length && text[at] == '"')
            {
                System.Text.StringBuilder field = new();
                for (at++; ; at++)
                {
                    if (at >= text.Length)
                    {
                        throw new FormatException("parse error on line 1: extraneous or missing \" in quoted-field");
                    }

                    if (text[at] != '"')
                    {
                        field.Append(text[at]);
                    }
                    else if (at + 1 < text.Length && text[at + 1] == '"')
                    {
                        field.Append(text[at++]);
                    }
                    else
                    {
                        break;
                    }
                }

                fields.Add(field.ToString());
                at++;
                if (at < text.Length && text[at] != ',')
                {
                    throw new FormatException("parse error on line 1: extraneous or missing \" in quoted-field");
                }

                at++;
                continue;
            }

            int comma = text.IndexOf(',', at);
            int end = comma < 0 ? text.Length : comma;
            fields.Add(text[at..end]);
            at = end + 1;
        }

        return fields;
    }
}
