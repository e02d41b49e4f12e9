using System.Text;

namespace Skep.Cli.Templates;

/// <summary>A template as <c>--format</c> takes it, ready to be run over values.</summary>
internal sealed class GoTemplate
{
    private readonly List<TemplateNode> _nodes;

    private GoTemplate(List<TemplateNode> nodes) => _nodes = nodes;

    /// <exception cref="TemplateException">It is no template.</exception>
    public static GoTemplate Parse(string text) => new(TemplateParser.Parse(text));

    /// <exception cref="TemplateException">It asks for what the value does not have.</exception>
    public string Run(object? value)
    {
        StringBuilder output = new();
        new Scope(output, value).Run(_nodes, value);
        return output.ToString();
    }

    private sealed class Scope(StringBuilder output, object? root)
    {
        private readonly List<KeyValuePair<string, object?>> _variables = [KeyValuePair.Create("$", root)];

        public void Run(List<TemplateNode> nodes, object? dot)
        {
            int mark = _variables.Count;
            foreach (TemplateNode node in nodes)
            {
                switch (node)
                {
                    case TemplateNode.Text text:
                        output.Append(text.Value);
                        break;
                    case TemplateNode.Print print:
                        object? value = Evaluate(print.Value, dot);
                        if (print.Value.Variables.Count == 0)
                        {
                            output.Append(TemplateValue.Print(value));
                        }

                        break;
                    case TemplateNode.If branch:
                        Within(() => Run(TemplateValue.IsTrue(Evaluate(branch.Condition, dot)) ? branch.Then : branch.Else, dot));
                        break;
                    case TemplateNode.With with:
                        Within(() =>
                        {
                            object? inner = Evaluate(with.Value, dot);
                            bool holds = TemplateValue.IsTrue(inner);
                            Run(holds ? with.Then : with.Else, holds ? inner : dot);
                        });
                        break;
                    case TemplateNode.Range range:
                        Within(() => Range(range, dot));
                        break;
                }
            }

            _variables.RemoveRange(mark, _variables.Count - mark);
        }

        private void Within(Action run)
        {
            int mark = _variables.Count;
            run();
            _variables.RemoveRange(mark, _variables.Count - mark);
        }

        private void Range(TemplateNode.Range range, object? dot)
        {
            object? over = Evaluate(range.Over with { Variables = [] }, dot);
            List<KeyValuePair<object?, object?>> items = over switch
            {
                IReadOnlyDictionary<string, object?> map => [.. map.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => KeyValuePair.Create((object?)pair.Key, pair.Value))],
                IReadOnlyList<object?> list => [.. list.Select(static (item, i) => KeyValuePair.Create((object?)(long)i, item))],
                null => [],
                _ => throw new TemplateException($"range can't iterate over {TemplateValue.Print(over)}"),
            };
            if (items.Count == 0)
            {
                Run(range.Else, dot);
            }

            foreach ((object? key, object? item) in items)
            {
                Within(() =>
                {
                    List<string> names = range.Over.Variables;
                    if (names.Count == 2)
                    {
                        _variables.Add(KeyValuePair.Create(names[0], key));
                    }

                    if (names.Count > 0)
                    {
                        _variables.Add(KeyValuePair.Create(names[^1], item));
                    }

                    Run(range.Body, item);
                });
            }
        }

        private object? Evaluate(Pipeline pipeline, object? dot)
        {
            object? value = null;
            for (int i = 0; i < pipeline.Commands.Count; i++)
            {
                value = Command(pipeline.Commands[i], dot, i > 0, value);
            }

            foreach (string name in pipeline.Variables)
            {
                if (pipeline.Declares)
                {
                    _variables.Add(KeyValuePair.Create(name, value));
                }
                else
                {
                    int at = _variables.FindLastIndex(pair => pair.Key == name);
                    _variables[at >= 0 ? at : throw new TemplateException($"undefined variable \"{name}\"")] = KeyValuePair.Create(name, value);
                }
            }

            return value;
        }

        private object? Command(List<Operand> operands, object? dot, bool piped, object? input)
        {
            List<object?> arguments = [.. operands.Skip(1).Select(operand => Value(operand, dot, []))];
            if (piped)
            {
                arguments.Add(input);
            }

            return operands[0] is Operand.Function function
                ? TemplateFunctions.Call(function.Name, arguments)
                : Value(operands[0], dot, arguments);
        }

        private object? Value(Operand operand, object? dot, List<object?> arguments) => operand switch
        {
            Operand.Constant constant => constant.Value,
            Operand.Path { Start.Length: 0 } path => Walk(dot, path.Fields, arguments),
            Operand.Path path => Walk(Variable(path.Start), path.Fields, arguments),
            Operand.Nested nested => Walk(Evaluate(nested.Value, dot), nested.Fields, arguments),
            Operand.Function function => TemplateFunctions.Call(function.Name, arguments),
            _ => null,
        };

        private object? Variable(string name)
        {
            int at = _variables.FindLastIndex(pair => pair.Key == name);
            return at >= 0 ? _variables[at].Value : throw new TemplateException($"undefined variable \"{name}\"");
        }

        private static object? Walk(object? value, string[] fields, List<object?> arguments)
        {
            foreach (string field in fields)
            {
                value = value switch
                {
                    Row row => row.TryGetValue(field, out object? found) ? found : throw new TemplateException($"executing \"\" at <.{field}>: can't evaluate field {field}"),
                    IReadOnlyDictionary<string, object?> map => map.GetValueOrDefault(field),
                    null => null,
                    _ => throw new TemplateException($"executing \"\" at <.{field}>: can't evaluate field {field}"),
                };
            }

            return value is RowMethod method ? method(arguments) : value;
        }
    }
}
