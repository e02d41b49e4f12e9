namespace Skep.Compose;

/// <summary>What a value may look like: the part of JSON Schema (draft 4) that compose files are described with.</summary>
internal sealed record Rule
{
    public static Rule Anything { get; } = new();

    /// <summary>Allowed JSON types, in the order in which messages name them; empty allows all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    public IReadOnlyList<Property> Properties { get; init; } = [];

    public IReadOnlyList<Pattern> Patterns { get; init; } = [];

    /// <summary>Keys that no property or pattern describes are an error.</summary>
    public bool Closed { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    public Rule? Items { get; init; }

    public bool UniqueItems { get; init; }

    /// <summary>Exactly one of these must fit.</summary>
    public IReadOnlyList<Rule> OneOf { get; init; } = [];

    public Format? Format { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    public long? Minimum { get; init; }

    public bool Allows(string type) => Types.Count == 0 || Types.Contains(type, StringComparer.Ordinal);
}

/// <summary>A key by name.</summary>
internal sealed record Property(string Name, Rule Rule);

/// <summary>Keys by a test.</summary>
internal sealed record Pattern(Func<string, bool> Fits, Rule Rule);

/// <summary>A named test on texts and numbers.</summary>
internal sealed record Format(string Name, Func<ComposeValue, bool> Fits);
