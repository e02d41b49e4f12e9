namespace Skep.Compose;

/// <summary>The words that the rules are written with.</summary>
internal sealed partial class ComposeSchema
{
    private static Rule Text { get; } = new() { Types = ["string"] };

    private static Rule Integer { get; } = new() { Types = ["integer"] };

    private static Rule Number { get; } = new() { Types = ["number"] };

    private static Rule Boolean { get; } = new() { Types = ["boolean"] };

    private static Rule Duration { get; } = Text with
    {
        Format = new Format("duration", static value => value is ComposeValue.Text text && ComposeDuration.TryParse(text.Value) is not null),
    };

    private static Rule Options { get; } = MappingTo(new Rule { Types = ["string", "number"] });

    private static Rule TextOrSet { get; } = Either(Text, SetOf(Text));

    private static Rule ListOrMapping { get; } = Either(
        MappingTo(new Rule { Types = ["string", "number", "null"] }) with { Closed = true },
        SetOf(Text));

    private static Rule FileReferences { get; } = ListOf(Either(Text, new Rule
    {
        Types = ["object"],
        Properties =
        [
            new Property("source", Text),
            new Property("target", Text),
            new Property("uid", Text),
            new Property("gid", Text),
            new Property("mode", Number),
        ],
    }));

    private static Rule Either(params IReadOnlyList<Rule> rules) => new() { OneOf = rules };

    private static Rule ListOf(Rule items) => new() { Types = ["array"], Items = items };

    private static Rule SetOf(Rule items) => new() { Types = ["array"], Items = items, UniqueItems = true };

    private static Rule MappingTo(Rule values) =>
        new() { Types = ["object"], Patterns = [new Pattern(static key => key.Length > 0, values)] };

    private static Rule Named(Rule values, bool closed) =>
        new() { Types = ["object"], Patterns = [new Pattern(IsName, values)], Closed = closed };

    private static Rule Open(IReadOnlyList<Property?> properties) => new() { Types = ["object"], Properties = Present(properties) };

    private static List<Property> Present(IReadOnlyList<Property?> properties) => [.. properties.OfType<Property>()];

    private static bool IsName(string key) =>
        key.Length > 0 && key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private Property? Key(string name, Rule rule, int since = 0) => _minor < since ? null : new Property(name, rule);

    private Rule Mapping(IReadOnlyList<Property?> properties, int extensionsSince = int.MaxValue) => Open(properties) with
    {
        Closed = true,
        Patterns = _minor < extensionsSince
            ? []
            : [new Pattern(static key => key.StartsWith("x-", StringComparison.Ordinal), Rule.Anything)],
    };
}
