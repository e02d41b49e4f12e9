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
    /// <param name="kept">What is told when the answer is another than y: that nothing happened is not to be guessed.</param>
    public async Task<bool> ConfirmsAsync(string warning, string kept, CancellationToken cancellation)
    {
        Out.Write($"{warning} [y/N] ");
        Out.Flush();
        using StreamReader reader = new(OpenInput());
        string? answer = await reader.ReadLineAsync(cancellation);
        if (answer?.Trim() is "y" or "Y")
        {
            return true;
        }

        if (answer is null)
        {
            Out.WriteLine(); // Nobody ended the line.
            Out.Flush();
        }

        Err.WriteLine($"Not confirmed with y: {kept}.");
        return false;
    }
}
