using System.Globalization;

namespace Skep.Cli.Parsing;

/// <summary>How many arguments a verb takes.</summary>
internal readonly record struct Arity(int Least, int Most)
{
    public static Arity None => new(0, 0);

    public static Arity One => new(1, 1);

    public static Arity Any => new(0, int.MaxValue);

    public static Arity Some => new(1, int.MaxValue);

    public static Arity Exactly(int count) => new(count, count);

    /// <summary>The complaint about a wrong number, or null.</summary>
    public string? Complaint(int count)
    {
        static string Arguments(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} argument{(count == 1 ? "" : "s")}");
        return count >= Least && count <= Most ? null
            : Most == 0 ? "accepts no arguments"
            : Least == Most ? $"requires {Arguments(Least)}"
            : Most == int.MaxValue ? $"requires at least {Arguments(Least)}"
            : Least == 0 ? $"requires at most {Arguments(Most)}"
            : string.Create(CultureInfo.InvariantCulture, $"requires at least {Least} and at most {Arguments(Most)}");
    }
}

/// <summary>What runs a verb; the number is the exit code.</summary>
internal delegate Task<int> VerbAction(Invocation call, CancellationToken cancellation);

/// <summary>One command: <c>service ls</c>.</summary>
/// <param name="Usage">What follows the verb in its usage line: <c>[OPTIONS] SERVICE [SERVICE...]</c>.</param>
internal sealed record Verb(string Usage, string Summary, Arity Arity, Flag[] Flags, VerbAction Run)
{
    /// <summary>The first argument ends the flags: what follows belongs to the command that a container runs.</summary>
    public bool FlagsEndAtArgument { get; init; }

    /// <summary>No word is a flag of its own.</summary>
    public bool TakesAllWords { get; init; }

    /// <summary>False: it works without a daemon.</summary>
    public bool AsksDaemon { get; init; } = true;
}
