using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Skep.Testing;

/// <summary>Keeps what is logged.</summary>
public sealed class RecordedLog : ILoggerFactory, ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<RecordedLine> _lines = new();

    public IReadOnlyCollection<RecordedLine> Lines => _lines;

    public void Clear() => _lines.Clear();

    /// <summary>How often an event was told.</summary>
    public int Count(int number) => _lines.Count(l => l.Event == number);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _lines.Enqueue(new RecordedLine(logLevel, eventId.Id, formatter(state, exception), exception));
    }

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}

public sealed record RecordedLine(LogLevel Level, int Event, string Text, Exception? Error);
