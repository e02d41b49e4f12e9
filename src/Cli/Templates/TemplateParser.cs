using System.Globalization;

namespace Skep.Cli.Templates;

/// <summary>Reads a Go template: fields, pipelines, <c>if</c>, <c>range</c>, <c>with</c>, variables.</summary>
internal sealed class TemplateParser
{
    private readonly List<TemplatePiece> _pieces;
    private int _at;

    private TemplateParser(List<TemplatePiece> pieces) => _pieces = pieces;

    /// <exception cref="TemplateException">It is no template.</exception>
    public static List<TemplateNode> Parse(string template)
    {
        TemplateParser parser = new(TemplateLexer.Cut(template));
        List<TemplateNode> nodes = parser.Block(out string end, out _);
        return end.Length == 0 ? nodes : throw new TemplateException($"unexpected {{{{{end}}}}}");
    }

    private List<TemplateNode> Block(out string end, out List<string> endWords)
    {
        List<TemplateNode> nodes = [];
        while (_at < _pieces.Count)
        {
            TemplatePiece piece = _pieces[_at++];
            if (piece.Words is not { } words)
            {
                if (piece.Text.Length > 0)
                {
                    nodes.Add(new TemplateNode.Text(piece.Text));
                }

                continue;
            }

            if (words.Count == 0)
            {
                throw new TemplateException("missing value for command");
            }

            switch (words[0])
            {
                case "end" or "else":
                    end = words[0];
                    endWords = words;
                    return nodes;
                case "if" or "with" or "range":
                    nodes.Add(Control(words));
                    break;
                case "define" or "template" or "block" or "break" or "continue":
                    throw new TemplateException($"{words[0]} is not supported");
                default:
                    nodes.Add(new TemplateNode.Print(PipelineOf(words)));
                    break;
            }
        }

        end = "";
        endWords = [];
        return nodes;
    }

    private TemplateNode Control(List<string> words)
    {
        string keyword = words[0];
        Pipeline pipeline = PipelineOf(words[1..]);
        List<TemplateNode> body = Block(out string end, out List<string> endWords);
        List<TemplateNode> otherwise = [];
        if (end == "else")
        {
            if (endWords.Count > 1)
            {
                otherwise.Add(Control(endWords[1..])); // else if: its end is ours too
                end = "end";
            }
            else
            {
                otherwise = Block(out end, out _);
            }
        }

        return end != "end" ? throw new TemplateException("unexpected EOF") : keyword switch
        {
            "if" => new TemplateNode.If(pipeline, body, otherwise),
            "with" => new TemplateNode.With(pipeline, body, otherwise),
            _ => new TemplateNode.Range(pipeline, body, otherwise),
        };
    }

    private static Pipeline PipelineOf(List<string> words)
    {
        int at = 0;
        Pipeline pipeline = PipelineOf(words, ref at);
        return at == words.Count ? pipeline : throw new TemplateException($"unexpected \"{words[at]}\" in command");
    }

    private static Pipeline PipelineOf(List<string> words, ref int at)
    {
        List<string> variables = [];
        bool declares = false;
        int assign = words.FindIndex(at, static word => word is ":=" or "=" or "(" or "|");
        if (assign > at && words[assign] is ":=" or "=")
        {
            declares = words[assign] == ":=";
            variables.AddRange(words[at..assign].Where(static word => word != ","));
            at = assign + 1;
        }

        List<List<Operand>> commands = [[]];
        for (; at < words.Count && words[at] != ")"; at++)
        {
            string word = words[at];
            if (word == "|")
            {
                commands.Add([]);
            }
            else if (word == "(")
            {
                at++;
                Pipeline inner = PipelineOf(words, ref at);
                if (at >= words.Count)
                {
                    throw new TemplateException("unclosed left paren");
                }

                bool hasFields = at + 1 < words.Count && words[at + 1].StartsWith(").", StringComparison.Ordinal);
                commands[^1].Add(new Operand.Nested(inner, hasFields ? Fields(words[at + 1][1..]) : []));
                at += hasFields ? 1 : 0;
            }
            else
            {
                commands[^1].Add(OperandOf(word));
            }
        }

        return commands.Any(static command => command.Count == 0)
            ? throw new TemplateException("missing value for command")
            : new Pipeline(variables, declares, commands);
    }

    private static Operand OperandOf(string word)
    {
        switch (word[0])
        {
            case '"':
                return new Operand.Constant(word[1..]);
            case '.':
                return new Operand.Path("", Fields(word));
            case '$':
                int dot = word.IndexOf('.', StringComparison.Ordinal);
                return dot < 0 ? new Operand.Path(word, []) : new Operand.Path(word[..dot], Fields(word[dot..]));
        }

        if (char.IsAsciiDigit(word[0]) || word[0] is '-' or '+')
        {
            return new Operand.Constant(
                long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? (object)number
                : double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double fraction) ? fraction
                : throw new TemplateException($"bad number syntax: \"{word}\""));
        }

        return word switch
        {
            "true" => new Operand.Constant(true),
            "false" => new Operand.Constant(false),
            "nil" => new Operand.Constant(null),
            _ when TemplateFunctions.Exists(word) => new Operand.Function(word),
            _ => throw new TemplateException($"function \"{word}\" not defined"),
        };
    }

    private static string[] Fields(string path) => path.Split('.', StringSplitOptions.RemoveEmptyEntries);
}
