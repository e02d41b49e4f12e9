using System.Globalization;
using System.Text;

namespace Skep.Cli.Templates;

/// <summary>What templates may call: Go's own functions and those that Docker adds.</summary>
/// <remarks>Source: Go's text/template; docker/cli:templates/templates.go.</remarks>
internal static class TemplateFunctions
{
    public static bool Exists(string name) => name is "json" or "split" or "join" or "title" or "lower" or "upper" or "pad" or "truncate"
        or "print" or "println" or "printf" or "len" or "index" or "slice" or "eq" or "ne" or "lt" or "le" or "gt" or "ge" or "and" or "or" or "not" or "html" or "urlquery" or "table";

    public static object? Call(string name, IReadOnlyList<object?> given)
    {
        object? Arg(int i) => i < given.Count ? given[i] : throw new TemplateException($"wrong number of args for {name}: want {i + 1} got {given.Count}");
        string Text(int i) => TemplateValue.Print(Arg(i));
        switch (name)
        {
            case "json":
                return TemplateValue.ToJson(Arg(0));
            case "split":
                return Text(0).Split(Text(1)).Cast<object?>().ToList();
            case "join":
                return string.Join(Text(1), (Arg(0) as IReadOnlyList<object?> ?? []).Select(TemplateValue.Print));
            case "title":
                return Title(Text(0));
            case "lower":
                return Text(0).ToLowerInvariant();
            case "upper":
                return Text(0).ToUpperInvariant();
            case "pad":
                return Text(0).Length == 0 ? "" : new string(' ', (int)(long)Arg(1)!) + Text(0) + new string(' ', (int)(long)Arg(2)!);
            case "truncate":
                return Arg(1) is long length && Text(0) is { } full && full.Length > length ? full[..(int)length] : Text(0);
            case "print":
                return Printed(given, alwaysSpaced: false);
            case "println":
                return Printed(given, alwaysSpaced: true) + "\n";
            case "printf":
                return Format(Text(0), [.. given.Skip(1)]);
            case "html":
                return System.Net.WebUtility.HtmlEncode(Text(0));
            case "urlquery":
                return Uri.EscapeDataString(Text(0));
            case "len":
                return Arg(0) switch
                {
                    string text => (long)Encoding.UTF8.GetByteCount(text),
                    System.Collections.ICollection list => list.Count,
                    null => 0L,
                    var other => throw new TemplateException($"error calling len: len of type {other.GetType().Name}"),
                } is var count ? Convert.ToInt64(count, CultureInfo.InvariantCulture) : 0;
            case "index":
                return given.Skip(1).Aggregate(Arg(0), Index);
            case "slice":
                return Slice(Arg(0), [.. given.Skip(1).Select(static i => (int)(long)i!)]);
            case "eq":
                return given.Skip(1).Any(other => TemplateValue.Compare(Arg(0), other) == 0);
            case "ne":
                return TemplateValue.Compare(Arg(0), Arg(1)) != 0;
            case "lt":
                return TemplateValue.Compare(Arg(0), Arg(1)) < 0;
            case "le":
                return TemplateValue.Compare(Arg(0), Arg(1)) <= 0;
            case "gt":
                return TemplateValue.Compare(Arg(0), Arg(1)) > 0;
            case "ge":
                return TemplateValue.Compare(Arg(0), Arg(1)) >= 0;
            case "and":
                return given.FirstOrDefault(static value => !TemplateValue.IsTrue(value), given.Count > 0 ? given[^1] : null);
            case "or":
                return given.FirstOrDefault(TemplateValue.IsTrue, given.Count > 0 ? given[^1] : null);
            case "not":
                return !TemplateValue.IsTrue(Arg(0));
            default:
                throw new TemplateException($"function \"{name}\" not defined");
        }
    }

    private static object? Index(object? from, object? key) => (from, key) switch
    {
        (IReadOnlyDictionary<string, object?> map, string name) => map.GetValueOrDefault(name, ""),
        (IReadOnlyList<object?> list, long at) when at >= 0 && at < list.Count => list[(int)at],
        (IReadOnlyList<object?>, long at) => throw new TemplateException($"error calling index: reflect: slice index out of range: {at.ToString(CultureInfo.InvariantCulture)}"),
        (null, _) => throw new TemplateException("error calling index: index of untyped nil"),
        _ => throw new TemplateException($"error calling index: can't index item of type {from.GetType().Name}"),
    };

    private static object? Slice(object? from, int[] bounds)
    {
        int first = bounds.Length > 0 ? bounds[0] : 0;
        int Last(int length) => bounds.Length > 1 ? bounds[1] : length;
        return from switch
        {
            string text when first <= Last(text.Length) && Last(text.Length) <= text.Length => text[first..Last(text.Length)],
            IReadOnlyList<object?> list when first <= Last(list.Count) && Last(list.Count) <= list.Count => list.Skip(first).Take(Last(list.Count) - first).ToList(),
            _ => throw new TemplateException("error calling slice: index out of range"),
        };
    }

    private static string Title(string text)
    {
        StringBuilder title = new(text.Length);
        bool starts = true;
        foreach (char c in text)
        {
            title.Append(starts ? char.ToUpperInvariant(c) : c);
            starts = !char.IsLetterOrDigit(c) && c is not ('_' or '\'');
        }

        return title.ToString();
    }

    /// <summary><c>print</c> puts a blank only between two that are no strings.</summary>
    private static string Printed(IReadOnlyList<object?> values, bool alwaysSpaced)
    {
        StringBuilder text = new();
        for (int i = 0; i < values.Count; i++)
        {
            if (i > 0 && (alwaysSpaced || (values[i] is not string && values[i - 1] is not string)))
            {
                text.Append(' ');
            }

            text.Append(values[i] is null ? "<nil>" : TemplateValue.Print(values[i]));
        }

        return text.ToString();
    }

    private static string Format(string format, List<object?> values)
    {
        StringBuilder text = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            int start = ++i;
            while (i < format.Length && (char.IsAsciiDigit(format[i]) || format[i] is '-' or '.' or '+' or ' ' or '#'))
            {
                i++;
            }

            string flags = format[start..i];
            char verb = i < format.Length ? format[i] : '%';
            if (verb == '%')
            {
                text.Append('%');
                continue;
            }

            object? value = next < values.Count ? values[next++] : "%!" + verb + "(MISSING)";
            string digits = flags.TrimStart('-', '+', ' ', '#');
            int point = digits.IndexOf('.', StringComparison.Ordinal);
            int precision = point >= 0 && int.TryParse(digits[(point + 1)..], CultureInfo.InvariantCulture, out int p) ? p : -1;
            string width = (point >= 0 ? digits[..point] : digits).TrimStart('0');
            string shown = verb switch
            {
                'q' => TemplateValue.ToJson(TemplateValue.Print(value)),
                'x' when value is long number => number.ToString("x", CultureInfo.InvariantCulture),
                'o' when value is long number => Convert.ToString(number, 8),
                'f' => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("F" + (precision < 0 ? 6 : precision).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
                's' when precision >= 0 && TemplateValue.Print(value) is { } cut => cut[..Math.Min(precision, cut.Length)],
                _ => TemplateValue.Print(value),
            };
            int places = int.TryParse(width, CultureInfo.InvariantCulture, out int w) ? w : 0;
            text.Append(flags.StartsWith('-') ? shown.PadRight(places) : digits.StartsWith('0') ? shown.PadLeft(places, '0') : shown.PadLeft(places));
        }

        return text.ToString();
    }
}
