using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Skep.Compose;

/// <summary>Chooses how a text is quoted, as go-yaml v3 and its emitter do.</summary>
internal static partial class YamlText
{
    private static readonly string[] OldFlags =
    [
        "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF",
    ];

    /// <summary>The text plain, in single or in double quotes.</summary>
    public static string OneLine(string text)
    {
        bool looksOtherwise = YamlScalar.Plain(text) is not ComposeValue.Text || text == "<<" || OldFlags.Contains(text) || Sexagesimal().IsMatch(text);
        if (looksOtherwise || text.Contains('\n', StringComparison.Ordinal))
        {
            return Double(text);
        }

        Shape shape = Look(text);
        return shape.NeedsEscapes ? Double(text)
            : shape.NeedsQuotes ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'"
            : text;
    }

    /// <summary>A text of several lines may stand as a block: nothing in it needs an escape, no line ends in a blank.</summary>
    public static bool MayBeBlock(string text)
    {
        Shape shape = Look(text);
        return !shape.HasSpecial && !shape.HasBlankBeforeBreak && text[^1] != ' ';
    }

    [GeneratedRegex(@"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$")]
    private static partial Regex Sexagesimal();

    private static Shape Look(string text)
    {
        bool quotes = text.StartsWith("---", StringComparison.Ordinal) || text.StartsWith("...", StringComparison.Ordinal)
            || (text.Length > 0 && (text[0] == ' ' || text[^1] == ' '));
        bool special = false;
        bool tab = false;
        bool blankBeforeBreak = false;
        bool breakBeforeBlank = false;
        bool breaks = false;
        Rune before = default;
        Rune[] runes = [.. text.EnumerateRunes()];
        for (int i = 0; i < runes.Length; i++)
        {
            Rune rune = runes[i];
            bool blankAfter = i + 1 == runes.Length || runes[i + 1].Value is ' ' or '\t' || IsBreak(runes[i + 1]);
            quotes |= rune.Value switch
            {
                ',' or '[' or ']' or '{' or '}' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' => i == 0,
                '?' or '-' => i == 0 && blankAfter,
                ':' => blankAfter,
                '#' => i == 0 || before.Value is ' ' or '\t' || IsBreak(before),
                _ => false,
            };
            tab |= rune.Value == '\t';
            special |= rune.Value != '\t' && !IsPrintable(rune);
            breaks |= IsBreak(rune);
            blankBeforeBreak |= IsBreak(rune) && before.Value == ' ';
            breakBeforeBlank |= rune.Value == ' ' && i > 0 && IsBreak(before);
            before = rune;
        }

        return new Shape(quotes || breaks, special || tab || blankBeforeBreak || breakBeforeBlank, special, blankBeforeBreak);
    }

    private static bool IsBreak(Rune rune) => rune.Value is '\r' or '\n' or 0x85 or 0x2028 or 0x2029;

    private static bool IsPrintable(Rune rune) =>
        rune.Value is '\n' or (>= 0x20 and <= 0x7e) or (>= 0xa0 and <= 0xffff and not 0xfeff and not 0xfffe and not 0xffff);

    private static string Double(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsPrintable(rune) && !IsBreak(rune) && rune.Value is not ('"' or '\\'))
            {
                quoted.Append(rune.ToString());
                continue;
            }

            quoted.Append(rune.Value switch
            {
                0 => "\\0",
                '\a' => "\\a",
                '\b' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\v' => "\\v",
                '\f' => "\\f",
                '\r' => "\\r",
                0x1b => "\\e",
                '"' => "\\\"",
                '\\' => "\\\\",
                0x85 => "\\N",
                0x2028 => "\\L",
                0x2029 => "\\P",
                <= 0xff => string.Create(CultureInfo.InvariantCulture, $"\\x{rune.Value:X2}"),
                <= 0xffff => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            });
        }

        return quoted.Append('"').ToString();
    }

    private readonly record struct Shape(bool NeedsQuotes, bool NeedsEscapes, bool HasSpecial, bool HasBlankBeforeBreak);
}
