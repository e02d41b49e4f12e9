using System.Buffers;
using System.Globalization;
using System.Text;

namespace Skep.Compose;

/// <summary>What a scalar means: YAML 1.1 as go-yaml v3 understands it, so <c>on</c> and <c>yes</c> stay texts and <c>017</c> is 15.</summary>
internal static class YamlScalar
{
    private static readonly SearchValues<char> RealSigns = SearchValues.Create("0123456789+-.eE");

    public const string Prefix = "tag:yaml.org,2002:";

    /// <param name="fault">Why the text does not fit its tag, or null.</param>
    public static ComposeValue Resolve(string text, string tag, bool quoted, out string? fault)
    {
        fault = null;
        string name = tag.StartsWith(Prefix, StringComparison.Ordinal) ? tag[Prefix.Length..] : tag;
        if (name.Length == 0)
        {
            return quoted ? new ComposeValue.Text(text) : Plain(text);
        }

        switch (name)
        {
            case "binary":
                return Binary(text, out fault);
            case "bool" or "int" or "float" or "null" or "timestamp":
                ComposeValue value = Plain(text);
                if (name == "float" && value is ComposeValue.Whole whole)
                {
                    return new ComposeValue.Real((double)whole.Value);
                }

                fault = KindOf(value) == name ? null : $"cannot decode !!{KindOf(value)} `{text}` as a !!{name}";
                return value;
            default: // !!str, and tags that mean nothing here
                return new ComposeValue.Text(text);
        }
    }

    /// <summary>A scalar without quotes and tag.</summary>
    public static ComposeValue Plain(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return new ComposeValue.Null();
            case "true" or "True" or "TRUE":
                return new ComposeValue.Bool(true);
            case "false" or "False" or "FALSE":
                return new ComposeValue.Bool(false);
            case ".nan" or ".NaN" or ".NAN":
                return new ComposeValue.Real(double.NaN);
            case ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF":
                return new ComposeValue.Real(double.PositiveInfinity);
            case "-.inf" or "-.Inf" or "-.INF":
                return new ComposeValue.Real(double.NegativeInfinity);
        }

        char first = text[0];
        if (first == '.')
        {
            return TryReal(text) ?? (ComposeValue)new ComposeValue.Text(text);
        }

        if (!char.IsAsciiDigit(first) && first is not ('+' or '-'))
        {
            return new ComposeValue.Text(text);
        }

        string digits = text.Replace("_", "", StringComparison.Ordinal);
        return YamlTimestamp.TryParse(text)
            ?? TryWhole(digits)
            ?? TryReal(digits)
            ?? (ComposeValue)new ComposeValue.Text(text);
    }

    private static ComposeValue.Whole? TryWhole(string text)
    {
        bool signed = text[0] is '+' or '-';
        bool negative = text[0] == '-';
        ReadOnlySpan<char> digits = signed ? text.AsSpan(1) : text;
        int radix = 10;
        if (digits.Length > 1 && digits[0] == '0')
        {
            (radix, int skip) = digits[1] switch
            {
                'x' or 'X' => (16, 2),
                'b' or 'B' => (2, 2),
                'o' or 'O' => (8, 2),
                _ => (8, 1),
            };
            digits = digits[skip..];
        }

        if (digits.IsEmpty)
        {
            return null;
        }

        Int128 value = 0;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            if (digit >= radix)
            {
                return null;
            }

            value = (value * radix) + digit;
            if (value > ulong.MaxValue)
            {
                return null;
            }
        }

        value = negative ? -value : value;
        return value < long.MinValue || (signed && value > long.MaxValue) ? null : new ComposeValue.Whole(value);
    }

    private static ComposeValue.Real? TryReal(string text)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return text.AsSpan().IndexOfAnyExcept(RealSigns) < 0
            && double.TryParse(text, style, CultureInfo.InvariantCulture, out double value)
            && double.IsFinite(value)
            ? new ComposeValue.Real(value)
            : null;
    }

    private static ComposeValue.Text Binary(string text, out string? fault)
    {
        try
        {
            fault = null;
            return new ComposeValue.Text(Encoding.UTF8.GetString(Convert.FromBase64String(text)));
        }
        catch (FormatException)
        {
            fault = "!!binary value contains invalid base64 data";
            return new ComposeValue.Text(text);
        }
    }

    private static string KindOf(ComposeValue value) => value switch
    {
        ComposeValue.Null => "null",
        ComposeValue.Bool => "bool",
        ComposeValue.Whole => "int",
        ComposeValue.Real => "float",
        ComposeValue.Timestamp => "timestamp",
        _ => "str",
    };
}
