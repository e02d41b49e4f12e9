using Skep.Cli.Engine;
using Skep.Cli.Output;
using Skep.Cli.Parsing;

namespace Skep.Cli;

/// <summary>One call of a verb: what it was given and what it works with.</summary>
internal sealed class Invocation(ParsedFlags parsed, EngineClient engine, Terminal terminal)
{
    public EngineClient Engine { get; } = engine;

    public Terminal Terminal { get; } = terminal;

    /// <summary>What stood before the verb.</summary>
    public GlobalOptions Options { get; init; } = new();

    public TextWriter Out => Terminal.Out;

    public TextWriter Err => Terminal.Err;

    public string[] Arguments => parsed.Arguments;

    public bool Given(Flag flag) => parsed.Values.ContainsKey(flag);

    public T Get<T>(Flag<T> flag) => parsed.Values.TryGetValue(flag, out string[]? values) ? flag.Read(values[^1]) : flag.Default;

    public T[] All<T>(ListFlag<T> flag) => parsed.Values.TryGetValue(flag, out string[]? values) ? Array.ConvertAll(values, flag.Read) : [];
}
