namespace Skep.Cli.Parsing;

/// <summary>An option of a verb, as Docker's flags are: <c>--name</c>, perhaps with a letter.</summary>
internal abstract class Flag(string name, char? letter, string valueName, string help)
{
    public string Name { get; } = name;

    public char? Letter { get; } = letter;

    /// <summary>What the help calls its value; empty for switches.</summary>
    public string ValueName { get; } = valueName;

    public string Help { get; } = help;

    /// <summary>Given alone it means <c>true</c>.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Not told in help.</summary>
    public bool IsHidden { get; init; }

    /// <summary>What stands in the help as the value when nothing is said; empty for none.</summary>
    public virtual string ShownDefault => "";

    /// <exception cref="FormatException">The text is no value of this flag.</exception>
    public abstract void Check(string text);

    public static Flag<bool> Switch(string name, string help, char? letter = null, bool byDefault = false) =>
        new(name, letter, "", help, GoValues.Bool, byDefault) { IsSwitch = true };

    public static Flag<string> Text(string name, string help, char? letter = null, string byDefault = "", string valueName = "string") =>
        new(name, letter, valueName, help, static text => text, byDefault);

    public static Flag<ulong?> Count(string name, string help, char? letter = null) => new(name, letter, "uint", help, static text => GoValues.Unsigned(text), null);

    public static Flag<long?> Number(string name, string help, char? letter = null) => new(name, letter, "int", help, static text => GoValues.Signed(text), null);

    public static Flag<long?> Bytes(string name, string help, char? letter = null) => new(name, letter, "bytes", help, static text => GoValues.Bytes(text), null);

    public static Flag<long?> Cpus(string name, string help) => new(name, null, "decimal", help, static text => GoValues.NanoCpus(text), null);

    /// <summary>Nanoseconds.</summary>
    public static Flag<long?> Duration(string name, string help, char? letter = null) =>
        new(name, letter, "duration", help, static text => GoValues.Duration(text), null);

    public static ListFlag<string> List(string name, string help, char? letter = null, string valueName = "list") =>
        new(name, letter, valueName, help, static text => text);

    public static ListFlag<T> List<T>(string name, string help, Func<string, T> read, char? letter = null, string valueName = "list") =>
        new(name, letter, valueName, help, read);
}

/// <summary>A flag of which the last value counts.</summary>
internal sealed class Flag<T>(string name, char? letter, string valueName, string help, Func<string, T> read, T byDefault)
    : Flag(name, letter, valueName, help)
{
    public T Default { get; } = byDefault;

    public override string ShownDefault => Default switch
    {
        string { Length: > 0 } text => $"\"{text}\"",
        true => "true",
        _ => "",
    };

    public T Read(string text) => read(text);

    public override void Check(string text) => read(text);
}

/// <summary>A flag that may be given again and again.</summary>
internal sealed class ListFlag<T>(string name, char? letter, string valueName, string help, Func<string, T> read) : Flag(name, letter, valueName, help)
{
    public T Read(string text) => read(text);

    public override void Check(string text) => read(text);
}
