namespace Skep.Compose;

internal enum SchemaErrorKind
{
    Other,
    Type,
    Alternatives,
}

/// <summary>One broken rule. Of a wrong type, <see cref="Text"/> holds the types expected.</summary>
internal sealed record SchemaError(SchemaErrorKind Kind, ValuePath Place, string Text, Mark? Where);

/// <summary>The dotted path of a value; a key that holds dots counts as several steps.</summary>
internal sealed record ValuePath(string Path)
{
    public static ValuePath Root { get; } = new("(root)");

    public int Depth => Path.AsSpan().Count('.') + 1;

    public ValuePath At(string key) => this == Root ? new ValuePath(key) : new ValuePath($"{Path}.{key}");
}

/// <summary>Faults in the order found, and how near the value came to its rule.</summary>
internal sealed class SchemaErrors
{
    public List<SchemaError> Faults { get; } = [];

    public int Score { get; set; }

    public void Add(SchemaError fault)
    {
        Faults.Add(fault);
        Score -= 2;
    }

    public void Take(SchemaErrors other)
    {
        Faults.AddRange(other.Faults);
        Score += other.Score;
    }
}

/// <summary>The names of types in messages.</summary>
internal static class Article
{
    public static string Of(string types)
    {
        string[] names = [.. types.Split(',').Select(static type => type switch
        {
            "object" => "mapping",
            "array" => "list",
            _ => type,
        })];
        return names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]}";
    }
}
