using System.Text;

namespace Skep.Cli.Templates;

/// <summary>Text between actions, or one action's words.</summary>
internal readonly record struct TemplatePiece(string Text, List<string>? Words);

/// <summary>Cuts a template into text and actions, and actions into words.</summary>
internal static class TemplateLexer
{
    public static List<TemplatePiece> Cut(string template)
    {
        List<TemplatePiece> pieces = [];
        int at = 0;
        bool trimNext = false;
        while (at < template.Length)
        {
            int open = template.IndexOf("{{", at, StringComparison.Ordinal);
            string text = open < 0 ? template[at..] : template[at..open];
            text = trimNext ? text.TrimStart() : text;
            trimNext = false;
            if (open < 0)
            {
                pieces.Add(new TemplatePiece(text, null));
                break;
            }

            int begin = open + 2;
            if (begin + 1 < template.Length && template[begin] == '-' && char.IsWhiteSpace(template[begin + 1]))
            {
                text = text.TrimEnd();
                begin++;
            }

            pieces.Add(new TemplatePiece(text, null));
            int close = EndOfAction(template, begin);
            int end = close;
            if (end - 2 >= begin && template[end - 1] == '-' && char.IsWhiteSpace(template[end - 2]))
            {
                end--;
                trimNext = true;
            }

            string inside = template[begin..end].Trim();
            if (!inside.StartsWith("/*", StringComparison.Ordinal))
            {
                pieces.Add(new TemplatePiece("", Words(inside)));
            }

            at = close + 2;
        }

        return pieces;
    }

    private static int EndOfAction(string template, int from)
    {
        char quote = '\0';
        for (int i = from; i < template.Length; i++)
        {
            char c = template[i];
            if (quote != '\0')
            {
                if (c == '\\' && quote == '"')
                {
                    i++;
                }
                else if (c == quote)
                {
                    quote = '\0';
                }
            }
            else if (c is '"' or '`')
            {
                quote = c;
            }
            else if (c == '}' && i + 1 < template.Length && template[i + 1] == '}')
            {
                return i;
            }
        }

        throw new TemplateException(quote != '\0' ? "unterminated quoted string" : "unclosed action");
    }

    private static List<string> Words(string action)
    {
        List<string> words = [];
        int i = 0;
        while (i < action.Length)
        {
            char c = action[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c is '"' or '`')
            {
                int start = i++;
                StringBuilder text = new();
                while (i < action.Length && action[i] != c)
                {
                    if (action[i] == '\\' && c == '"' && i + 1 < action.Length)
                    {
                        i++;
                        text.Append(action[i] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
                    }
                    else
                    {
                        text.Append(action[i]);
                    }

                    i++;
                }

                _ = start;
                words.Add("\"" + text);
                i++;
            }
            else if (c is '(' or ')' or '|' or ',')
            {
                words.Add(c.ToString());
                i++;

                // (index .X 0).Name: the field belongs to what the parentheses give.
                if (c == ')' && i < action.Length && action[i] == '.')
                {
                    int end = EndOfWord(action, i);
                    words.Add(")" + action[i..end]);
                    i = end;
                }
            }
            else if (c == ':' && i + 1 < action.Length && action[i + 1] == '=')
            {
                words.Add(":=");
                i += 2;
            }
            else if (c == '=')
            {
                words.Add("=");
                i++;
            }
            else
            {
                int end = EndOfWord(action, i);
                words.Add(action[i..end]);
                i = end;
            }
        }

        return words;
    }

    private static int EndOfWord(string action, int from)
    {
        int i = from;
        while (i < action.Length && !char.IsWhiteSpace(action[i]) && action[i] is not ('(' or ')' or '|' or ',' or '"' or '`' or '=')
            && !(action[i] == ':' && i + 1 < action.Length && action[i + 1] == '='))
        {
            i++;
        }

        return i == from ? from + 1 : i;
    }
}

/// <summary>A template that cannot be read or run.</summary>
internal sealed class TemplateException(string message) : CliException($"template parsing error: template: :1: {message}");
