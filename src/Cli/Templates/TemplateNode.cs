namespace Skep.Cli.Templates;

/// <summary>A parsed template.</summary>
internal abstract record TemplateNode
{
    public sealed record Text(string Value) : TemplateNode;

    /// <summary>Prints a pipeline, unless it only sets a variable.</summary>
    public sealed record Print(Pipeline Value) : TemplateNode;

    public sealed record If(Pipeline Condition, List<TemplateNode> Then, List<TemplateNode> Else) : TemplateNode;

    public sealed record With(Pipeline Value, List<TemplateNode> Then, List<TemplateNode> Else) : TemplateNode;

    public sealed record Range(Pipeline Over, List<TemplateNode> Body, List<TemplateNode> Else) : TemplateNode;
}

/// <summary><c>$x := a | b</c>.</summary>
internal sealed record Pipeline(List<string> Variables, bool Declares, List<List<Operand>> Commands);

internal abstract record Operand
{
    public sealed record Constant(object? Value) : Operand;

    /// <param name="Start">Empty for the dot, <c>$</c> or <c>$x</c> for a variable.</param>
    public sealed record Path(string Start, string[] Fields) : Operand;

    public sealed record Function(string Name) : Operand;

    public sealed record Nested(Pipeline Value, string[] Fields) : Operand;
}
