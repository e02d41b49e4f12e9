using System.Globalization;
using System.Text;

namespace Skep.Compose;

/// <summary>Values as Go's <c>fmt</c> writes them, which is what numbers become where a text is wanted.</summary>
internal static class GoText
{
    public static string Of(ComposeValue value) => value switch
    {
        ComposeValue.Null => "<nil>",
        ComposeValue.Bool flag => flag.Value ? "true" : "false",
        ComposeValue.Whole whole => whole.Value.ToString(CultureInfo.InvariantCulture),
        ComposeValue.Real real => Float(real.Value),
        ComposeValue.Text text => text.Value,
        ComposeValue.Timestamp time => Time(time),
        ComposeValue.Sequence list => $"[{string.Join(' ', list.Items.Select(Of))}]",
        ComposeValue.Mapping map =>
            $"map[{string.Join(' ', map.Entries.OrderBy(static e => e.Key, StringComparer.Ordinal).Select(static e => $"{e.Key}:{Of(e.Value)}"))}]",
        _ => value.ToString(),
    };

    /// <summary>The shortest form that reads back; with an exponent below 1e-4 and from 1e6.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
        }

        return Shape(value.ToString("E16", CultureInfo.InvariantCulture), value.ToString("R", CultureInfo.InvariantCulture));
    }

    /// <summary>As <see cref="Float(double)"/>, with the digits that a single needs.</summary>
    public static string Float(float value) =>
        Shape(value.ToString("E8", CultureInfo.InvariantCulture), value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>A text in double quotes, as <c>%q</c> writes it.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\a' => "\\a",
                '\b' => "\\b",
                '\f' => "\\f",
                '\v' => "\\v",
                < 0x20 or 0x7f => $"\\x{rune.Value:x2}",
                _ => rune.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>The name that Go gives to the type of a value.</summary>
    public static string TypeOf(ComposeValue value) => value switch
    {
        ComposeValue.Null => "<nil>",
        ComposeValue.Bool => "bool",
        ComposeValue.Whole => "int",
        ComposeValue.Real => "float64",
        ComposeValue.Timestamp => "time.Time",
        ComposeValue.Sequence => "[]interface {}",
        ComposeValue.Mapping => "map[string]interface {}",
        _ => "string",
    };

    private static string Time(ComposeValue.Timestamp time)
    {
        string fraction = time.Nanoseconds == 0
            ? ""
            : "." + time.Nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        string zone = time.Value.Offset == TimeSpan.Zero
            ? "+0000 UTC"
            : time.Value.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal) is var offset
                ? $"{offset} {offset}"
                : "";
        return $"{time.Value.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}{fraction} {zone}";
    }

    private static string Shape(string scientific, string shortest)
    {
        int exponent = int.Parse(scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string sign = shortest.StartsWith('-') ? "-" : "";
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        string digits = (mark < 0 ? shortest : shortest[..mark]).TrimStart('-').Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
        {
            return sign + "0";
        }

        if (exponent < -4 || exponent >= 6)
        {
            string tail = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{tail}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        }

        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0')
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }
}
