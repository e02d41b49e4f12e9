namespace Skep.Cli.Output;

/// <summary>What a run of the program sees of the world.</summary>
internal sealed record Terminal
{
    public required TextWriter Out { get; init; }

    public required TextWriter Err { get; init; }

    public required Func<Stream> OpenInput { get; init; }

    public required Func<Stream> OpenOutput { get; init; }

    public required Func<Stream> OpenError { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string CurrentDirectory { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Standard output is a terminal: progress may be drawn over itself.</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Standard error is a terminal: a person reads it.</summary>
    public bool IsErrorInteractive { get; init; }

    /// <summary>Standard input is a terminal: questions may be asked.</summary>
    public bool CanAsk { get; init; }

    /// <summary>Asks the terminal for its size; gives null where output is none.</summary>
    public Func<WindowSize?> ReadSize { get; init; } = static () => null;

    public WindowSize? Size => ReadSize();

    /// <summary>Who takes the signals that would end the program.</summary>
    public SignalForwarder Signals { get; init; } = new();

    public string? Variable(string name) => Environment.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;

    /// <summary>Asks before something is destroyed; without a terminal the answer is read all the same, as Docker does.</summary>
    public bool Confirms(string warning)
    {
        Out.Write($"{warning} [y/N] ");
        Out.Flush();
        using StreamReader reader = new(OpenInput());
        return reader.ReadLine()?.Trim() is "y" or "Y";
    }
}
