using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Skep.Engine.Tests.Support;

/// <summary>Keeps what is logged, by event.</summary>
internal sealed class RecordedLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(int Event, string Text)> _lines = new();

    public IEnumerable<(int Event, string Text)> Lines => _lines;

    /// <summary>How often an event was told.</summary>
    public int Count(int number) => _lines.Count(l => l.Event == number);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _lines.Enqueue((eventId.Id, formatter(state, exception)));

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
