using System.Text;

namespace Skep.Compose;

/// <summary>A text whose <c>$</c> makes no sense, or whose required variable is missing.</summary>
internal sealed class TemplateException(string template) : Exception(template)
{
    public string Template { get; } = template;
}

/// <summary>Replaces <c>$X ${X} ${X:-d} ${X-d} ${X:?e} ${X?e}</c> in one text; <c>$$</c> is a dollar.</summary>
/// <remarks>Source: docker/cli:cli/compose/template/template.go. Odd on purpose: a default reaches to the first closing brace, an
/// unbraced <c>$X-d</c> knows defaults too, and only the fault of the last variable counts.</remarks>
internal static class Template
{
    /// <exception cref="TemplateException">See there.</exception>
    public static string Substitute(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder result = new();
        string? fault = null;
        int at = 0;
        while (at < text.Length)
        {
            if (text[at] != '$')
            {
                result.Append(text[at++]);
                continue;
            }

            ReadOnlySpan<char> rest = text.AsSpan(at + 1);
            if (rest is ['$', ..])
            {
                result.Append('$');
                at += 2;
                continue;
            }

            int named = Expression(rest);
            int braced = named == 0 && rest is ['{', ..] ? Expression(rest[1..]) : 0;
            if (braced > 0 && (braced + 1 >= rest.Length || rest[braced + 1] != '}'))
            {
                braced = 0;
            }

            if (named + braced == 0)
            {
                fault = text;
                at++;
                continue;
            }

            string expression = rest.Slice(braced > 0 ? 1 : 0, named + braced).ToString();
            result.Append(Value(expression, variables, out fault));
            at += 1 + named + (braced > 0 ? braced + 2 : 0);
        }

        return fault is null ? result.ToString() : throw new TemplateException(fault);
    }

    /// <summary>Length of a variable name and its default at the start of a text, 0 where there is none.</summary>
    private static int Expression(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !(char.IsAsciiLetter(text[0]) || text[0] == '_'))
        {
            return 0;
        }

        int length = 1;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] == '_'))
        {
            length++;
        }

        ReadOnlySpan<char> rest = text[length..];
        if (rest is ['-' or '?', ..] or [':', '-' or '?', ..])
        {
            int end = rest.IndexOf('}');
            length += end < 0 ? rest.Length : end;
        }

        return length;
    }

    private static string Value(string expression, IReadOnlyDictionary<string, string> variables, out string? fault)
    {
        fault = null;
        foreach (string separator in (ReadOnlySpan<string>)[":-", "-", ":?", "?"])
        {
            int split = expression.IndexOf(separator, StringComparison.Ordinal);
            if (split < 0)
            {
                continue;
            }

            string name = expression[..split];
            string rest = expression[(split + separator.Length)..];
            if (variables.TryGetValue(name, out string? found) && (found.Length > 0 || separator[0] != ':'))
            {
                return found;
            }

            if (separator[^1] == '-')
            {
                return rest;
            }

            fault = $"required variable {name} is missing a value: {rest}";
            return "";
        }

        return variables.GetValueOrDefault(expression, "");
    }
}
