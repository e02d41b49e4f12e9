using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Skep.Testing;

/// <summary>Keeps what is logged.</summary>
public sealed class RecordedLog : ILoggerFactory, ILoggerProvider, ILogger
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<RecordedLine> _lines = new();
    private readonly SemaphoreSlim _written = new(0);

    public IReadOnlyCollection<RecordedLine> Lines => _lines;

    public void Clear() => _lines.Clear();

    /// <summary>How often an event was told.</summary>
    public int Count(int number) => _lines.Count(l => l.Event == number);

    /// <summary>Waits for a line.</summary>
    public async Task<RecordedLine> FindAsync(string part)
    {
        while (true)
        {
            if (_lines.FirstOrDefault(l => l.Text.Contains(part, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            if (!await _written.WaitAsync(Limit).ConfigureAwait(false))
            {
                throw new TimeoutException($"no line with \"{part}\" in: {string.Join(" | ", _lines.Select(l => l.Text))}");
            }
        }
    }

    /// <summary>For what is made by hand.</summary>
    public ILogger<T> Logger<T>() => new Logger<T>(this);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _lines.Enqueue(new RecordedLine(logLevel, eventId.Id, formatter(state, exception), exception));
        _written.Release();
    }

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}

public sealed record RecordedLine(LogLevel Level, int Event, string Text, Exception? Error);
